public import Domain
public import NIOCore
import Synchronization

/// What is known of a connection that is encrypted. Its handler keeps it in the pipeline, requests that the framework answers
/// have it in their context, and no header has a part in it.
public final class SecureConnection: Sendable {
  private struct State {
    var certificateName: String?
    var ownToken: ThingToken?
  }

  /// That of the connection whose requests the current task answers.
  @TaskLocal static var current: SecureConnection?

  /// Looked at with every request, and mostly there is no more to look at.
  private let hasCertificate = Atomic(false)
  private let state = Mutex(State())

  /// The common name of the certificate that the client has shown, verified against the CA for devices; nil where it has shown
  /// none. It is known before the first byte of a request comes.
  public var certificateName: String? {
    hasCertificate.load(ordering: .acquiring) ? state.withLock { $0.certificateName } : nil
  }

  func isCertified(as name: String) {
    state.withLock { $0.certificateName = name }
    hasCertificate.store(true, ordering: .releasing)
  }

  /// Whether a thing's token may be answered here without a look at whose certificate this is: there is none, or it has been
  /// looked at for this token.
  /// - Parameter token: nil for what is no token. It is made only where there is something to look at.
  public func isKnownToAdmit(_ token: @autoclosure () -> ThingToken?) -> Bool {
    guard hasCertificate.load(ordering: .acquiring) else { return true }
    guard let token = token() else { return false }
    return state.withLock { $0.ownToken == token }
  }

  /// A device has one token, so that one is remembered for as long as the connection lasts.
  func admits(_ token: ThingToken) { state.withLock { $0.ownToken = token } }

  /// That of a connection; nil for one that is not encrypted. Called on the event loop.
  public static func of(_ pipeline: ChannelPipeline.SynchronousOperations) -> SecureConnection? {
    (try? pipeline.handler(type: SecureConnectionHandler.self))?.connection
  }
}
