import Catalog
public import Domain

/// How many active things of a model ran each version on an MCU, over time.
public struct VersionSpreadReport: Sendable {
  public let model: Model
  public let mcu: MCU
  /// Oldest first.
  public let times: [Timestamp]
  /// Versions in their order; then `VersionSpread.other`, then what never said one.
  public let series: [VersionSpread.Series]
}

extension FirmwareService {
  /// How long before its end a report begins, in seconds, where nothing else is asked for.
  private static let reportedSeconds: Int64 = 7 * 86_400

  /// The numbers as they were taken down, at evenly spaced times; the newest may be ten minutes old.
  /// - Parameters:
  ///   - mcuName: nil for the model's first.
  ///   - end: nil for now.
  ///   - start: nil for seven days before the end.
  ///   - points: how many times; nil for 60.
  public func showVersionSpread(
    ofModel name: String, mcu mcuName: String? = nil, from start: Timestamp? = nil, to end: Timestamp? = nil,
    points: Int? = nil
  ) async throws -> VersionSpreadReport {
    let model = try model(name)
    guard let mcu = mcuName.map({ model.mcu(named: $0) }) ?? model.mcus.first else {
      throw ServiceError(.unknownMCU, "the model \(name) has no MCU \(mcuName ?? "")")
    }
    let end = end ?? clock()
    let start = start ?? end.adding(seconds: -Self.reportedSeconds)
    guard start <= end else { throw ServiceError(.malformed, "from: is later than to") }
    let points = points ?? VersionSpread.defaultPoints
    guard VersionSpread.points.contains(points) else {
      throw ServiceError(
        .malformed, "points: \(VersionSpread.points.lowerBound) to \(VersionSpread.points.upperBound) are possible")
    }
    let times = VersionSpread.times(from: start, to: end, points: points)
    let spread = try await translatingErrors { try await catalog.versionSpread(of: mcu.id, at: times) }
    let releases = releases.snapshot
    let byVersion = Dictionary(spread.versions.compactMap { series in series.version.map { ($0, series) } }) { $1 }
    let order = VersionOrder.sorted(Array(byVersion.keys)) { releases.firmware(mcuID: mcu.id, version: $0)?.sequence }
    return VersionSpreadReport(
      model: model, mcu: mcu, times: times,
      series: order.compactMap { byVersion[$0] } + [spread.others, spread.unknown].compactMap { $0 })
  }
}
