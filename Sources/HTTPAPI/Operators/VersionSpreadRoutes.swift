import APIContract
import Domain
import FirmwareService
import Hummingbird

/// What fleets ran over time.
struct VersionSpreadRoutes: Sendable {
  let service: FirmwareService

  func add(to table: inout RouteTable) {
    table.on(Endpoints.showVersionSpread, show)
  }

  @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
    guard let model = request.query("model") else { throw APIError.malformed("model: is needed") }
    let report = try await service.showVersionSpread(
      ofModel: model, mcu: request.query("mcu"), from: try Self.time("from", request), to: try Self.time("to", request),
      points: try request.number("points"))
    return try .json(
      VersionSpreadShape(
        model: report.model.name, mcu: report.mcu.name, times: report.times,
        series: report.series.map { VersionSeriesShape(version: SaidVersion($0.version), things: $0.things) }))
  }

  private static func time(_ name: String, _ request: Request) throws -> Timestamp? {
    guard let text = request.query(name) else { return nil }
    guard let time = Timestamp(wire: text) else {
      throw APIError.malformed("\(name): ISO 8601, YYYYMMDDHHmmss or seconds since 1970 are needed")
    }
    return time
  }
}
