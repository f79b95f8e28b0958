import APIContract
import FirmwareService
import Hummingbird

/// `GET /v2/things/T`: a thing, or whoever holds its token, listens to what is written (wire page, section 3.4).
struct ThingSubscriptionRoute: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) { table.on(Endpoints.subscribeThing, subscribe) }

  @Sendable func subscribe(_ request: Request, _ context: APIContext) async throws -> Response {
    let plan = try await service.subscribeThing(token: try context.parameter("token"))
    return try StreamOpener(service: service, settings: settings).open(plan, for: request, context)
  }
}
