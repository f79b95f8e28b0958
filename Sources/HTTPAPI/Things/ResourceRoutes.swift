import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `POST /v2/things/T` and `GET /v2/things/T/resources/KEY` (wire page, sections 3.2, 3.3 and 3.5).
struct ResourceRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.writeResources, write)
    table.on(Endpoints.readResource, read)
  }

  @Sendable func write(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    let body = try await request.thingShape(ResourceWrite.self, settings)
    guard !body.values.isEmpty else { throw APIError.malformed("values: is empty") }
    try await service.writeResources(body.values.map { ($0.key, $0.value) }, of: thing)
    return .jsonBytes(Array("{\"status\":\"created\",\"message\":\"created\"}".utf8), status: .created)
  }

  @Sendable func read(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    let key = try context.parameter("key")
    // A limit that is out of range is clamped, and one that is no number is the default: devices cannot recover from a 400.
    let limit = request.query("limit").flatMap(Int.init) ?? 1
    let values = try await service.readResource(key, of: thing, limit: limit)
    guard !values.isEmpty else { throw APIError(status: .notFound, code: "unknown-resource", message: "resource not found") }
    return try .json(values.map { ResourceValueShape(key: $0.key, value: $0.value, datetime: $0.datetime) })
  }
}
