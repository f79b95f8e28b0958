import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// `GET /v2/utils/date`: the time for things that have no clock (wire page, section 3.10).
struct DateRoute: Sendable {
  let service: FirmwareService

  func add(to table: inout RouteTable) { table.on(Endpoints.currentDate, date) }

  @Sendable func date(_ request: Request, _ context: APIContext) async throws -> Response {
    let now = service.currentTime()
    let value: String
    switch request.query("format") {
    case nil, "UTC": value = "\"\(now.iso8601)\""
    case "unix_timestamp": value = "\(now.seconds)"
    default: throw APIError.malformed("format: UTC or unix_timestamp is needed")
    }
    // Small clients cut the text after the last `value":` up to the last `]`.
    return .jsonBytes(Array("[{\"key\":\"date\",\"value\":\(value)}]".utf8))
  }
}
