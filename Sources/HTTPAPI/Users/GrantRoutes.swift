import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `/v2/me/grant`: what the app may name as granted, and what a user shares with others (wire page, section 4.7).
struct GrantRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.grant, grant)
    table.on(Endpoints.listGrants, list)
    table.on(Endpoints.revokeGrant, revoke)
  }

  @Sendable func grant(_ request: Request, _ context: APIContext) async throws -> Response {
    let given = try await request.thingShape(GrantRequest.self, settings)
    guard given.resources != nil || given.things != nil else {
      throw APIError.malformed("resources: is needed, or things, or both")
    }
    let parts = GrantedParts(resources: given.resources, things: given.things)
    guard let email = given.email else {
      try await service.grant(parts, by: try context.user)
      return .success("granted")
    }
    if given.resources?.isEmpty == true, given.things?.isEmpty == true {
      try await service.revokeShares(with: email, things: nil, by: try context.user)
      return .success("revoked")
    }
    try await service.share(parts, with: email, by: try context.user)
    return .success("granted")
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let shares = try await service.listShares(of: try context.user)
    return try .json(
      shares.map {
        ShareShape(
          email: $0.email, things: $0.things, resources: $0.resources, createdAt: $0.createdAt, confirmedAt: $0.confirmedAt)
      })
  }

  @Sendable func revoke(_ request: Request, _ context: APIContext) async throws -> Response {
    var (email, things) = (request.query("email"), request.query("thingId").map { [$0] })
    if email == nil {
      let given = try await request.thingShape(GrantRequest.self, settings)
      (email, things) = (given.email, given.things)
    }
    guard let email else { throw APIError.malformed("email: is needed") }
    try await service.revokeShares(with: email, things: things, by: try context.user)
    return .success("revoked")
  }
}
