import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `/v2/me/things`: a user's things (wire page, sections 4.2 and 4.3).
struct LinkRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.linkThing, link)
    table.on(Endpoints.listMyThings, list)
    table.on(Endpoints.unlinkThing) { _, context in
      try await unlink(.id(try context.parameter("thing")), context)
    }
    table.on(Endpoints.unlinkNamedThing, unlinkNamed)
  }

  @Sendable func link(_ request: Request, _ context: APIContext) async throws -> Response {
    let reference = try await request.thingShape(ThingReference.self, settings)
    guard let named = LinkedThing(reference) else { throw APIError.malformed("thingToken: is needed, or else thingId") }
    let id = try await service.linkThing(named, to: try context.user)
    return .jsonBytes(
      Array("{\"status\":\"success\",\"message\":\"linked\",\"thingId\":\(JSONText.quoted(id))}".utf8))
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let things = try await service.listThings(of: try context.user)
    return try .json(things.map { MyThing(_id: $0.thing.publicID, model: $0.model, owned: $0.thing.owns) })
  }

  @Sendable func unlinkNamed(_ request: Request, _ context: APIContext) async throws -> Response {
    var reference = ThingReference(thingToken: request.query("thingToken"), thingId: request.query("thingId"))
    if reference.thingToken == nil, reference.thingId == nil {
      reference = try await request.thingShape(ThingReference.self, settings)
    }
    guard let named = LinkedThing(reference) else { throw APIError.malformed("thingId: is needed, or else thingToken") }
    return try await unlink(named, context)
  }

  private func unlink(_ named: LinkedThing, _ context: APIContext) async throws -> Response {
    try await service.unlinkThing(named, from: try context.user)
    return .success("unlinked")
  }
}

extension LinkedThing {
  init?(_ reference: ThingReference) {
    if let token = reference.thingToken {
      self = .token(token)
    } else if let id = reference.thingId {
      self = .id(id)
    } else {
      return nil
    }
  }
}
