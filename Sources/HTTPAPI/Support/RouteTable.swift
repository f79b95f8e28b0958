import APIContract
import HTTPTypes
import Hummingbird

/// Registers routes by their endpoints, so that a path, and who may call it, is said in the contract and nowhere else.
struct RouteTable {
  typealias Handler = @Sendable (Request, APIContext) async throws -> Response

  private let router: Router<APIContext>
  private(set) var registered: [String] = []

  private let operators: OperatorAuthentication
  private let users: UserAuthentication
  private let certificates: CertificateCheck
  /// The ids of the endpoints that are served here.
  private let served: Set<String>

  init(
    router: Router<APIContext>, operators: OperatorAuthentication, users: UserAuthentication, certificates: CertificateCheck,
    serving served: Set<String>
  ) {
    self.router = router
    self.operators = operators
    self.users = users
    self.certificates = certificates
    self.served = served
  }

  /// An endpoint that is not served here is left out.
  mutating func on(_ endpoint: Endpoint, _ handler: @escaping Handler) {
    guard served.contains(endpoint.id) else { return }
    let path = RouterPath(endpoint.template)
    switch endpoint.access {
    case .anyone, .controllers: router.on(path, method: endpoint.httpMethod, use: handler)
    case .things: router.on(path, method: endpoint.httpMethod, use: checked(handler))
    case .operators:
      router.on(path, method: endpoint.httpMethod) { [operators] request, context in
        try await handler(request, try await operators.admit(request, context, to: endpoint))
      }
    case .operatorSessions:
      router.on(path, method: endpoint.httpMethod) { [operators] request, context in
        try await handler(request, try operators.admitSession(request, context))
      }
    case .users:
      router.on(path, method: endpoint.httpMethod) { [users] request, context in
        try await handler(request, try await users.admit(request, context))
      }
    }
    registered.append(endpoint.id)
  }

  /// The same for HEAD beside GET, for routes that no token in a header guards.
  mutating func onHeadToo(_ endpoint: Endpoint, _ handler: @escaping Handler) {
    guard served.contains(endpoint.id) else { return }
    on(endpoint, handler)
    let isThings = endpoint.access == .things
    router.on(RouterPath(endpoint.template), method: .head, use: isThings ? checked(handler) : handler)
  }

  private func checked(_ handler: @escaping Handler) -> Handler {
    { [certificates] request, context in
      try await certificates.admit(context)
      return try await handler(request, context)
    }
  }
}

extension Endpoint {
  var httpMethod: HTTPRequest.Method {
    switch method {
    case .get: .get
    case .head: .head
    case .post: .post
    case .put: .put
    case .patch: .patch
    case .delete: .delete
    }
  }
}
