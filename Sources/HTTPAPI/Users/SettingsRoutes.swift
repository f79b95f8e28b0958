import APIContract
import Domain
import FirmwareService
import Hummingbird

/// `GET` and `PUT /v2/me/settings` (wire page, section 4.6).
struct SettingsRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.readSettings, read)
    table.on(Endpoints.changeSettings, change)
  }

  @Sendable func read(_ request: Request, _ context: APIContext) async throws -> Response {
    .jsonBytes(Array(try await service.readSettings(of: try context.user).utf8))
  }

  @Sendable func change(_ request: Request, _ context: APIContext) async throws -> Response {
    let patch = try await request.thingShape(JSONValue.self, settings)
    try await service.changeSettings(patch, of: try context.user)
    return .jsonBytes(Array("{\"status\":\"success\",\"message\":\"updated\"}".utf8))
  }
}
