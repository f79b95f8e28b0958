import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `POST /v2/register`, `POST /v2/login` and `PUT /v2/me` (wire page, section 4.1), and whether a session is valid.
struct SessionRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.register) { try await register($0, $1, app: nil) }
    table.on(Endpoints.registerInApp) { try await register($0, $1, app: try $1.parameter("app")) }
    table.on(Endpoints.logIn, logIn)
    table.on(Endpoints.changePassword, changePassword)
    table.on(Endpoints.showSession) { _, _ in try .json(DoneShape(status: "success", message: "logged in")) }
  }

  /// - Parameter app: the app where the path names it.
  private func register(_ request: Request, _ context: APIContext, app: String?) async throws -> Response {
    let address = ClientAddress.of(request, context, settings)
    try service.checkRegistrations(from: address)
    let given = try await request.thingShape(Credentials.self, settings)
    let opened = try await service.register(
      email: given.email, password: given.password, app: try app ?? given.appName, address: address)
    return answer(opened, "created", "registered", .created)
  }

  @Sendable func logIn(_ request: Request, _ context: APIContext) async throws -> Response {
    let address = ClientAddress.of(request, context, settings)
    try service.checkLogins(from: address)
    let given = try await request.thingShape(Credentials.self, settings)
    let opened = try await service.logIn(
      email: given.email, password: given.password, app: try given.appName, address: address)
    return answer(opened, "success", "logged in", .ok)
  }

  @Sendable func changePassword(_ request: Request, _ context: APIContext) async throws -> Response {
    let change = try await request.thingShape(PasswordChange.self, settings)
    guard change.confirmationPassword ?? change.password == change.password else {
      throw APIError.malformed("confirmationPassword: is not the password")
    }
    try await service.changePassword(from: change.currentPassword, to: change.password, of: try context.user)
    return .success("updated")
  }

  /// In this order and without blanks, as small clients search for the literal text `token":"`.
  private func answer(
    _ opened: OpenedSession, _ status: String, _ message: String, _ code: HTTPResponse.Status
  ) -> Response {
    let resources = opened.user.grantedResources.map(JSONText.quoted).joined(separator: ",")
    let things = opened.user.grantedThings.map(JSONText.quoted).joined(separator: ",")
    let text =
      "{\"status\":\"\(status)\",\"message\":\"\(message)\",\"token\":\"\(opened.token)\","
      + "\"roles\":{\"resources\":[\(resources)],\"things\":[\(things)]}}"
    return .jsonBytes(Array(text.utf8), status: code, headers: [.cacheControl: "no-store"])
  }
}

extension Credentials {
  /// Nil for the default app: where none is named, and where the name is empty.
  fileprivate var appName: String? {
    get throws { try app?.name(field: "app").flatMap { $0.isEmpty ? nil : $0 } }
  }
}
