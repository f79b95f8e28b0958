import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `POST /v2/things`: a device becomes a thing (wire page, section 3.1).
struct ActivationRoute: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) { table.on(Endpoints.activateThing, activate) }

  @Sendable func activate(_ request: Request, _ context: APIContext) async throws -> Response {
    let body = try await request.thingShape(ActivationRequest.self, settings)
    let token = try await service.activateThing(code: body.activationCode)
    // In this order and without blanks: small clients search for the literal text `thingToken":"`.
    let text =
      "{\"status\":\"created\",\"message\":\"thing activated\",\"thingToken\":\"\(token.secret)\"}"
    return .jsonBytes(Array(text.utf8), status: .created)
  }
}
