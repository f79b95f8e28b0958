import Domain
import FirmwareService
public import Hummingbird
import NIOCore

/// What a request carries on its way through the middleware and the routes.
public struct APIContext: RequestContext {
  public var coreContext: CoreRequestContextStorage
  /// The operator whose token the request bears; nil on routes that need none.
  var signedInOperator: Operator?
  /// What that operator has shown: the token, or a session that it has opened.
  var operatorCredential: OperatorCredential?
  /// The user whose session the request bears; nil on routes that need none.
  var signedIn: SessionUser?
  /// Who is at the other end of the connection; nil where there is none, as in tests without a socket.
  let peer: SocketAddress?
  /// Where the connection came in: an address of this computer, and the port of the listener. Nil where there is none.
  let local: SocketAddress?
  /// What is known of the connection where it is encrypted; nil where it is not.
  let connection: SecureConnection?
  /// Where a route puts a subscription; nil where the connection cannot become a stream.
  var live: LiveHandover?

  public init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    peer = source.channel.remoteAddress
    local = source.channel.localAddress
    connection = SecureConnection.current
  }

  /// Whether the request came over TLS to here.
  var isSecure: Bool { connection != nil }

  /// The operator who asks.
  /// - Throws: `ServiceError` (401) on a route that is not for operators.
  var caller: Operator {
    get throws {
      guard let signedInOperator else { throw ServiceError(.unauthorized, "an operator's token is needed") }
      return signedInOperator
    }
  }

  /// What the operator who asks has shown.
  /// - Throws: as `caller`.
  var callerCredential: OperatorCredential {
    get throws {
      guard let operatorCredential else { throw ServiceError(.unauthorized, "an operator's token is needed") }
      return operatorCredential
    }
  }

  /// Who does it, for the audit log.
  var operatorName: String { signedInOperator?.name ?? "" }

  /// The models that the operator's token is for: none where there is no operator.
  var scope: ModelScope { signedInOperator?.scope ?? ModelScope([]) }
}
