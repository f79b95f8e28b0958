import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// What things write and read of their resources (wire page, sections 3.2, 3.3, 3.5, 3.6 and 3.9).
struct ResourceRoutes: Sendable {
  /// What every write of this API answers.
  static let created = Array("{\"status\":\"created\",\"message\":\"created\"}".utf8)

  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.writeResources, write)
    table.on(Endpoints.readResource) { try await read(try $1.parameter("key"), $0, $1) }
    table.on(Endpoints.readDescription) { try await read(ResourceKey.description, $0, $1) }
    table.on(Endpoints.listResources, list)
    table.on(Endpoints.readAllResources, readAll)
    table.on(Endpoints.describeThing, describe)
  }

  @Sendable func write(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    let body = try await request.thingShape(ResourceWrite.self, settings)
    try await service.writeResources(body.values.map { try ResourceRecord($0) }, of: thing)
    return .created()
  }

  private func read(_ key: String, _ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    let values = try await service.readResource(key, of: thing, in: try request.valueRange())
    return .jsonBytes(Array(ResourceText.array(values).utf8))
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    return try .json(ResourceNames(status: "success", resources: try await service.listResources(of: thing)))
  }

  @Sendable func readAll(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    let all = try await service.readAllResources(of: thing, in: try request.valueRange())
    let texts = all.map { "{\"key\":\(JSONText.quoted($0.key)),\"values\":\(ResourceText.array($0.values))}" }
    return .jsonBytes(Array("[\(texts.joined(separator: ","))]".utf8))
  }

  @Sendable func describe(_ request: Request, _ context: APIContext) async throws -> Response {
    let thing = try await service.identifyThing(try context.parameter("token"))
    let document = try await request.thingShape(JSONValue.self, settings)
    guard case .object = document else { throw APIError.malformed("the description is an object") }
    try await service.writeResources([ResourceRecord(key: ResourceKey.description, value: document)], of: thing)
    return .jsonBytes(Array("{\"status\":\"success\"}".utf8))
  }
}

extension Response {
  /// What every write of this API answers.
  static func created() -> Response {
    jsonBytes(ResourceRoutes.created, status: .created)
  }

  /// What every other change of this API answers.
  static func success(_ message: String) -> Response {
    jsonBytes(Array("{\"status\":\"success\",\"message\":\(JSONText.quoted(message))}".utf8))
  }
}

extension ResourceRecord {
  /// - Throws: `APIError` (400) that names the field.
  init(_ written: ResourceWriteValue) throws {
    var datetime: Timestamp?
    if let given = written.datetime, given != .null {
      guard let time = Timestamp(wire: given) else {
        throw APIError.malformed("datetime: YYYYMMDDHHmmss or ISO 8601 is needed")
      }
      datetime = time
    }
    self.init(key: written.key, value: written.value, datetime: datetime, geo: written.geo)
  }
}

extension Request {
  /// The range of values that `limit`, `startDate` and `endDate` ask for. A limit that is out of range is clamped, and one that
  /// is no number is the default: devices cannot recover from a 400.
  /// - Throws: `APIError` (400) for a date that is none.
  func valueRange() throws -> ValueRange {
    var range = ValueRange()
    range.limit = query("limit").flatMap(Int.init) ?? 1
    range.start = try moment("startDate") ?? range.start
    range.end = try moment("endDate") ?? range.end
    return range
  }

  /// A moment of the query, in any form that things may write.
  /// - Throws: `APIError` (400) for a text that is none.
  func moment(_ name: String) throws -> Timestamp? {
    guard let text = query(name) else { return nil }
    guard let time = Timestamp(wire: text) else {
      throw APIError.malformed("\(name): YYYYMMDDHHmmss or ISO 8601 is needed")
    }
    return time
  }
}

/// Values as an answer gives them: the members in the order that live messages have.
enum ResourceText {
  static func array(_ values: [StoredValue]) -> String {
    "[\(values.map { "{\(LiveTexts.members(of: $0))}" }.joined(separator: ","))]"
  }
}
