import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// Operators and their tokens.
struct OperatorRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.createOperator, create)
    table.on(Endpoints.listOperators, list)
    table.on(Endpoints.revokeOperator, revoke)
    table.on(Endpoints.showOperator) { _, context in try .json(OperatorShape(try context.caller)) }
  }

  @Sendable func create(_ request: Request, _ context: APIContext) async throws -> Response {
    let new = try await request.shape(NewOperator.self, settings)
    let (made, token) = try await service.createOperator(
      name: new.name, role: new.role, models: new.models, expiresIn: new.expiresIn.map(Int64.init), by: try context.caller)
    return try .json(
      CreatedOperator(
        id: String(made.id), name: made.name, role: made.role, models: made.models, expiresAt: made.expiresAt, token: token),
      status: .created)
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try await service.listOperators(try request.page)
    return try .json(OperatorList(operators: page.entries.map { OperatorShape($0) }, next: PageCursor(page.next)))
  }

  @Sendable func revoke(_ request: Request, _ context: APIContext) async throws -> Response {
    try .json(OperatorShape(try await service.revokeOperator(try context.parameter("operator"), by: try context.caller)))
  }
}

extension OperatorShape {
  init(_ person: Operator) {
    self.init(
      id: String(person.id), name: person.name, role: person.role, models: person.models, createdAt: person.createdAt,
      expiresAt: person.expiresAt, revokedAt: person.revokedAt)
  }
}
