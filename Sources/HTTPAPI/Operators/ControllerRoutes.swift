import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// Devices of the DDI door, and who of those that wait comes in.
struct ControllerRoutes: Sendable {
  let service: FirmwareService

  func add(to table: inout RouteTable) {
    table.on(Endpoints.listControllers, list)
    table.on(Endpoints.admitController, admit)
    table.on(Endpoints.refuseController, refuse)
    table.on(Endpoints.refuseControllers, refuseAll)
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try await service.listControllers(
      model: request.query("model"), waitingOnly: request.flag("waiting"), within: context.scope, try request.page)
    return try .json(ControllerList(controllers: page.entries.map(shape), next: PageCursor(page.next)))
  }

  @Sendable func admit(_ request: Request, _ context: APIContext) async throws -> Response {
    let id = try context.parameter("controllerId")
    return try .json(ThingShape(try await service.admitController(id, by: context.operatorName)))
  }

  @Sendable func refuse(_ request: Request, _ context: APIContext) async throws -> Response {
    let id = try context.parameter("controllerId")
    return try .json(shape(try await service.refuseController(id, by: context.operatorName)))
  }

  @Sendable func refuseAll(_ request: Request, _ context: APIContext) async throws -> Response {
    // It takes many away: what is meant has to be said in full.
    guard request.flag("waiting"), let model = request.query("model") else {
      throw APIError.malformed("waiting=true and model=NAME say which controllers are refused: both are needed")
    }
    return try .json(
      RefusedControllers(
        model: model, refused: try await service.refuseControllers(ofModel: model, by: context.operatorName)))
  }

  private func shape(_ controller: Controller) -> ControllerShape {
    ControllerShape(
      controllerId: controller.controllerID, model: service.modelName(controller.modelID), createdAt: controller.createdAt,
      thing: controller.thing)
  }
}
