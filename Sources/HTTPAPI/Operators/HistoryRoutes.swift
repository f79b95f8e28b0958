import APIContract
import Domain
import FirmwareService
import Hummingbird

/// What became of a thing and what it wrote, as operators see it.
struct HistoryRoutes: Sendable {
  let service: FirmwareService

  func add(to table: inout RouteTable) {
    table.on(Endpoints.showHistory, history)
    table.on(Endpoints.showNewestValues, newestValues)
    table.on(Endpoints.showValues, values)
  }

  @Sendable func history(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try await service.showHistory(of: try context.parameter("thing"), try request.page)
    let entries = page.entries.map { event in
      ThingEventShape(
        at: event.at, kind: event.kind, mcu: event.mcu, version: event.version, state: event.state, rollout: event.rollout,
        code: event.code, message: event.message)
    }
    return try .json(ThingHistoryList(entries: entries, next: PageCursor(page.next)))
  }

  @Sendable func newestValues(_ request: Request, _ context: APIContext) async throws -> Response {
    let values = try await service.showNewestValues(of: try context.parameter("thing"))
    let texts = values.map { "{\"key\":\(JSONText.quoted($0.key)),\(Self.members(of: $0))}" }
    return .jsonBytes(Array("{\"resources\":[\(texts.joined(separator: ","))]}".utf8))
  }

  @Sendable func values(_ request: Request, _ context: APIContext) async throws -> Response {
    let key = try context.parameter("key")
    var range = ValueRange.newest(try request.number("limit") ?? FirmwareService.mostValues)
    range.start = try request.moment("from") ?? range.start
    range.end = try request.moment("to") ?? range.end
    let values = try await service.showValues(of: key, ofThing: try context.parameter("thing"), in: range)
    let texts = values.map { "{\(Self.members(of: $0))}" }
    return .jsonBytes(Array("{\"key\":\(JSONText.quoted(key)),\"values\":[\(texts.joined(separator: ","))]}".utf8))
  }

  /// The value stays the JSON that it is stored as: nothing of a number is lost.
  private static func members(of value: StoredValue) -> String {
    "\"value\":\(value.value),\"datetime\":\"\(value.datetime.iso8601)\""
  }
}

extension AuditFilter {
  /// What the query asks of the audit log.
  init(_ request: Request) {
    self.init(subject: request.query("subject"), actor: request.query("actor"), action: request.query("action"))
  }
}
