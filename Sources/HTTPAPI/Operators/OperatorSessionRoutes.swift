import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `/api/v1/session`: an operator in a browser.
struct OperatorSessionRoutes: Sendable {
  /// The largest body, in bytes: there is a token in it, and anybody may send it.
  private static let largestBody = 4096

  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.openOperatorSession, open)
    table.on(Endpoints.showOperatorSession, show)
    table.on(Endpoints.endOperatorSession, end)
  }

  @Sendable func open(_ request: Request, _ context: APIContext) async throws -> Response {
    let origin = PageOrigin(request, context, settings, publicURL: service.publicURL)
    guard !origin.isForeign else { throw OperatorAuthentication.foreignPage }
    // Forms of other sites cannot send this type without being asked first, and they are never allowed to.
    guard HTTPFields.mediaType(request.headers[.contentType] ?? "") == "application/json" else {
      throw APIError(
        status: .unsupportedMediaType, code: "unsupported-media-type", message: "Content-Type: application/json is needed")
    }
    let given = try JSONText.decode(
      NewSession.self, from: try await request.bytes(upTo: Self.largestBody), deepest: settings.deepestJSON)
    let opened = try await service.openOperatorSession(
      token: given.token, address: ClientAddress.of(request, context, settings))
    let cookie = SessionCookie(secret: opened.secret)
    var response = try answer(opened.person, cookie, until: opened.expiresAt, status: .created)
    response.headers[.setCookie] = cookie.setting(
      path: origin.path(Endpoints.cookiePath), seconds: opened.seconds, isSecure: origin.isSecure)
    return response
  }

  @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
    let cookie = try OperatorAuthentication.cookie(of: request)
    return try answer(try context.caller, cookie, until: try service.endOfOperatorSession(cookie.secret), status: .ok)
  }

  @Sendable func end(_ request: Request, _ context: APIContext) async throws -> Response {
    let cookie = try OperatorAuthentication.cookie(of: request)
    try await service.endOperatorSession(cookie.secret, of: try context.caller)
    let origin = PageOrigin(request, context, settings, publicURL: service.publicURL)
    let cleared = cookie.setting(path: origin.path(Endpoints.cookiePath), seconds: 0, isSecure: origin.isSecure)
    return Response(status: .noContent, headers: [.setCookie: cleared])
  }

  private func answer(
    _ person: Operator, _ cookie: SessionCookie, until end: Timestamp, status: HTTPResponse.Status
  ) throws -> Response {
    var response = try Response.json(
      OperatorSessionShape(operator: OperatorShape(person), csrf: cookie.csrf, expiresAt: end), status: status)
    response.headers[.cacheControl] = "no-store"
    return response
  }
}
