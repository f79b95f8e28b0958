import FirmwareService
import HTTPTypes
import Hummingbird

/// Lets only operators through: `Authorization: Bearer TOKEN` (RFC 6750 section 2.1).
struct OperatorAuthentication: RouterMiddleware {
  typealias Context = APIContext
  let service: FirmwareService

  func handle(
    _ request: Request, context: APIContext, next: (Request, APIContext) async throws -> Response
  ) async throws -> Response {
    guard request.uri.path.split(separator: "/").starts(with: ["api", "v1"]) else { return try await next(request, context) }
    guard let token = request.bearerToken, let name = service.operatorName(token: token) else {
      throw APIError(
        status: .unauthorized, code: "unauthorized", message: "an operator's token is needed: Authorization: Bearer TOKEN",
        headers: [.wwwAuthenticate: "Bearer"])
    }
    var context = context
    context.operatorName = name
    return try await next(request, context)
  }
}

extension Request {
  /// The token of an `Authorization: Bearer` header; the scheme in any case.
  var bearerToken: Substring? {
    guard let header = headers[.authorization] else { return nil }
    let words = header.split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer" else { return nil }
    return words[1]
  }
}
