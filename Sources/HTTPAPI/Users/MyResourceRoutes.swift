import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `/v2/me/resources`: what a user reads, writes and listens to of the things that they see (wire page, sections 4.4 and 4.5).
struct MyResourceRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.listMyResources, list)
    table.on(Endpoints.readMyResource, read)
    table.on(Endpoints.readMyThingsResource, readOfThing)
    table.on(Endpoints.writeMyThingsResource, write)
    table.on(Endpoints.describeMyThing, describe)
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let resources = try await service.listResources(of: try context.user)
    return try .json(resources.map { MyResource(name: $0.name, things: $0.things) })
  }

  @Sendable func read(_ request: Request, _ context: APIContext) async throws -> Response {
    let key = try context.parameter("resource")
    if request.wantsStream {
      let plan = try service.subscribeResource(key, by: try context.user)
      return try StreamOpener(service: service, settings: settings).open(plan, for: request, context)
    }
    let found = try await service.readResource(key, in: try request.valueRange(), by: try context.user)
    let members = found.map { "\(JSONText.quoted($0.thing)):\(ResourceText.array($0.values))" }
    return .jsonBytes(Array("{\(members.joined(separator: ","))}".utf8))
  }

  @Sendable func readOfThing(_ request: Request, _ context: APIContext) async throws -> Response {
    let values = try await service.readResource(
      try context.parameter("resource"), of: try context.parameter("thing"), in: try request.valueRange(),
      by: try context.user)
    return .jsonBytes(Array(ResourceText.array(values).utf8))
  }

  @Sendable func write(_ request: Request, _ context: APIContext) async throws -> Response {
    let body = try await request.thingShape(AppWrite.self, settings)
    let key = try context.parameter("resource")
    let records = try body.values.map { given in
      try ResourceRecord(
        ResourceWriteValue(key: key, value: given.value, datetime: given.datetime, geo: given.geo))
    }
    try await service.writeResource(records, of: try context.parameter("thing"), by: try context.user)
    return .created()
  }

  @Sendable func describe(_ request: Request, _ context: APIContext) async throws -> Response {
    let key = try context.parameter("resource")
    guard key == ResourceKey.description else {
      throw APIError(
        status: .notFound, code: "unknown-resource", message: "only description is a document that is replaced")
    }
    let document = try await request.thingShape(JSONValue.self, settings)
    guard case .object = document else { throw APIError.malformed("the description is an object") }
    let record = ResourceRecord(key: key, value: document)
    try await service.writeResource([record], of: try context.parameter("thing"), by: try context.user)
    return .success("updated")
  }
}

extension Request {
  /// Whether the answer shall be a stream: `subscribe=true`, or a WebSocket.
  var wantsStream: Bool { query("subscribe") == "true" || asksForWebSocket }
}
