import APIContract
import HTTPTypes
import Hummingbird

/// Registers routes by their endpoints, so that a path is spelled in the contract and nowhere else.
struct RouteTable {
  typealias Handler = @Sendable (Request, APIContext) async throws -> Response

  private let router: Router<APIContext>
  private(set) var registered: [String] = []

  init(router: Router<APIContext>) { self.router = router }

  mutating func on(_ endpoint: Endpoint, _ handler: @escaping Handler) {
    router.on(RouterPath(endpoint.template), method: endpoint.httpMethod, use: handler)
    registered.append(endpoint.id)
  }

  /// The same for HEAD beside GET.
  mutating func onHeadToo(_ endpoint: Endpoint, _ handler: @escaping Handler) {
    on(endpoint, handler)
    router.on(RouterPath(endpoint.template), method: .head, use: handler)
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
