import FirmwareService
import HTTPTypes
import Hummingbird

/// Lets only operators through: `Authorization: Bearer TOKEN` (RFC 6750 section 2.1).
struct OperatorAuthentication: Sendable {
  let service: FirmwareService

  /// - Returns: the context with the operator's name in it.
  /// - Throws: `APIError` (401).
  func admit(_ request: Request, _ context: APIContext) throws -> APIContext {
    guard let token = request.bearerToken, let name = service.operatorName(token: token) else {
      throw APIError(
        status: .unauthorized, code: "unauthorized", message: "an operator's token is needed: Authorization: Bearer TOKEN",
        headers: [.wwwAuthenticate: "Bearer"])
    }
    var context = context
    context.operatorName = name
    return context
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
