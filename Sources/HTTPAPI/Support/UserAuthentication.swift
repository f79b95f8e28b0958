import FirmwareService
import HTTPTypes
import Hummingbird

/// Lets only users with a valid session through: `Authorization: SESSION_TOKEN`, bare or after `Bearer` (wire page, section 2
/// "User auth").
struct UserAuthentication: Sendable {
  static let refusal = APIError(
    status: .unauthorized, code: "unauthorized", message: "Invalid session token", headers: [.wwwAuthenticate: "Bearer"])

  let service: FirmwareService

  /// - Returns: the context with the user in it.
  /// - Throws: `APIError` (401).
  func admit(_ request: Request, _ context: APIContext) async throws -> APIContext {
    guard let token = request.sessionToken, let user = try await service.identifyUser(session: token) else {
      throw Self.refusal
    }
    var context = context
    context.signedIn = user
    return context
  }
}

extension APIContext {
  /// The user who asks, on routes for users.
  /// - Throws: `APIError` (401) on others.
  var user: SessionUser {
    get throws {
      guard let signedIn else { throw UserAuthentication.refusal }
      return signedIn
    }
  }
}

extension Request {
  /// The session's token. In the query it is read only where a browser can set no header: when it subscribes.
  fileprivate var sessionToken: String? {
    if let bearerToken { return String(bearerToken) }
    if let header = headers[.authorization] { return header }
    let upgrades = headers[.upgrade]?.lowercased() == "websocket"
    return query("subscribe") == "true" || upgrades ? query("sessionToken") : nil
  }
}
