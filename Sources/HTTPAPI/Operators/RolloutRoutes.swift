import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// What operators do with rollouts, and what they ask of them.
struct RolloutRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.planRollout, plan)
    table.on(Endpoints.createRollout, create)
    table.on(Endpoints.listRollouts, list)
    table.on(Endpoints.showRollout, show)
    table.on(Endpoints.listRolloutThings, listThings)
    table.on(Endpoints.startRollout, changing(.start))
    table.on(Endpoints.pauseRollout, changing(.pause))
    table.on(Endpoints.resumeRollout, changing(.resume))
    table.on(Endpoints.cancelRollout, changing(.cancel))
    table.on(Endpoints.approveRollout, changing(.approve))
    table.on(Endpoints.revertRollout, revert)
    table.on(Endpoints.explainThing, explain)
  }

  @Sendable func plan(_ request: Request, _ context: APIContext) async throws -> Response {
    let order = try RolloutOrder(try await request.shape(NewRollout.self, settings))
    let preview = try await service.planRollout(order, within: context.scope, by: context.operatorName)
    return try .json(RolloutPreviewShape(preview))
  }

  @Sendable func create(_ request: Request, _ context: APIContext) async throws -> Response {
    let order = try RolloutOrder(try await request.shape(NewRollout.self, settings))
    let rollout = try await service.createRollout(order, within: context.scope, by: context.operatorName)
    return try .json(RolloutShape(try await service.showRollout(rollout.publicID)), status: .created)
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try await service.listRollouts(
      model: request.query("model"), publications: request.flag("publications"), within: context.scope,
      try request.page)
    return try .json(RolloutList(rollouts: page.entries.map { RolloutShape($0) }, next: PageCursor(page.next)))
  }

  @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
    try .json(RolloutShape(try await service.showRollout(try context.parameter("rollout"))))
  }

  @Sendable func listThings(_ request: Request, _ context: APIContext) async throws -> Response {
    let state = try request.query("state").map { text in
      guard let state = DeliveryState(rawValue: text) else {
        throw APIError.malformed("state: is none of \(DeliveryState.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return state
    }
    let page = try await service.listThings(
      ofRollout: try context.parameter("rollout"), state: state, try request.page)
    let things = page.entries.map { thing in
      RolloutThingShape(
        thing: thing.publicID, stage: thing.delivery.stage + 1, state: thing.delivery.state,
        reason: thing.delivery.reason.isEmpty ? nil : thing.delivery.reason, since: thing.delivery.since)
    }
    return try .json(RolloutThingList(things: things, next: PageCursor(page.next)))
  }

  private func changing(_ action: RolloutAction) -> RouteTable.Handler {
    { [service] _, context in
      let id = try context.parameter("rollout")
      _ = try await service.changeRollout(id, action, by: context.operatorName)
      return try .json(RolloutShape(try await service.showRollout(id)))
    }
  }

  @Sendable func revert(_ request: Request, _ context: APIContext) async throws -> Response {
    let rollout = try await service.revertRollout(try context.parameter("rollout"), by: context.operatorName)
    return try .json(RolloutShape(try await service.showRollout(rollout.publicID)), status: .created)
  }

  @Sendable func explain(_ request: Request, _ context: APIContext) async throws -> Response {
    try .json(ExplanationShape(try await service.explainThing(try context.parameter("thing"))))
  }
}
