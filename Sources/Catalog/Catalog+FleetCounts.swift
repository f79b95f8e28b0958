public import Domain
import GRDB

/// How many things a model has. Active things are activated and not retired.
public struct ThingCounts: Sendable, Hashable {
  public let modelID: Int64
  public let things: Int
  public let retired: Int
  public let active: Int
  /// Of the active ones: seen after a moment.
  public let seenLastHour: Int
  public let seenLastDay: Int
  /// Of the active ones: not seen after a moment, or never.
  public let silent: Int
}

/// What the active things of a model run on one MCU.
public struct VersionCounts: Sendable, Hashable {
  public let mcuID: Int64
  /// Of those that most run.
  public let versions: [RunningCount]
  /// How many things have said a version, one of these or another.
  public let said: Int
}

/// The whole fleet, counted at one moment.
public struct FleetCounts: Sendable, Hashable {
  public let things: [ThingCounts]
  public let versions: [VersionCounts]
}

/// Counts over all things: for people, and not for every request.
extension Catalog {
  /// Counts the things of all models, and what they run.
  /// - Parameter most: how many versions of an MCU are told apart: things may say what they like.
  public func fleetCounts(
    hourAgo: Timestamp, dayAgo: Timestamp, silentSince: Timestamp, mostVersions most: Int
  ) async throws -> FleetCounts {
    try await read { db in
      FleetCounts(
        things: try Self.thingCounts(hourAgo, dayAgo, silentSince, db), versions: try Self.versionCounts(most: most, db))
    }
  }

  private static func thingCounts(
    _ hourAgo: Timestamp, _ dayAgo: Timestamp, _ silentSince: Timestamp, _ db: Database
  ) throws -> [ThingCounts] {
    let active = "activatedAt IS NOT NULL AND retiredAt IS NULL"
    return try Row.fetchAll(
      db,
      sql: """
        SELECT modelId, COUNT(*) AS things, COUNT(retiredAt) AS retired, COUNT(*) FILTER (WHERE \(active)) AS active,
          COUNT(*) FILTER (WHERE \(active) AND lastSeenAt > ?) AS seenLastHour,
          COUNT(*) FILTER (WHERE \(active) AND lastSeenAt > ?) AS seenLastDay,
          COUNT(*) FILTER (WHERE \(active) AND (lastSeenAt IS NULL OR lastSeenAt <= ?)) AS silent
        FROM thing GROUP BY modelId
        """, arguments: [hourAgo.milliseconds, dayAgo.milliseconds, silentSince.milliseconds]
    ).map { row in
      ThingCounts(
        modelID: row["modelId"], things: row["things"], retired: row["retired"], active: row["active"],
        seenLastHour: row["seenLastHour"], seenLastDay: row["seenLastDay"], silent: row["silent"])
    }
  }

  /// The index counts all things, in a tenth of the time that it takes to look at each; those that are not active are taken off
  /// again.
  private static func versionCounts(most: Int, _ db: Database) throws -> [VersionCounts] {
    let mcuIDs = try Int64.fetchAll(db, sql: "SELECT id FROM mcu ORDER BY id")
    var said: [Int64: Int] = [:]
    // By its bytes: what things say may be other bytes for the same characters.
    var counts: [Int64: [[UInt8]: Int]] = [:]
    for mcuID in mcuIDs {
      let rows = try Row.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT running, COUNT(*) AS count, SUM(COUNT(*)) OVER () AS said FROM thingMCU
            WHERE mcuId = ? AND running IS NOT NULL GROUP BY running ORDER BY count DESC, running LIMIT ?
            """), arguments: [mcuID, most])
      said[mcuID] = rows.first.map { $0["said"] }
      for row in rows { counts[mcuID, default: [:]][Self.bytes(row)] = row["count"] }
    }
    let others = try Row.fetchCursor(
      db,
      sql: """
        SELECT mcuId, running, COUNT(*) AS count FROM thing CROSS JOIN thingMCU ON thingMCU.thingId = thing.id
        WHERE (thing.retiredAt IS NOT NULL OR thing.activatedAt IS NULL) AND running IS NOT NULL GROUP BY mcuId, running
        """)
    while let row = try others.next() {
      let (mcuID, count): (Int64, Int) = (row["mcuId"], row["count"])
      said[mcuID, default: 0] -= count
      if let all = counts[mcuID]?[Self.bytes(row)] { counts[mcuID]?[Self.bytes(row)] = all - count }
    }
    return mcuIDs.map { mcuID in
      let versions = (counts[mcuID] ?? [:]).filter { $0.value > 0 }.map { bytes, count in
        RunningCount(mcuID: mcuID, version: String(decoding: bytes, as: UTF8.self), count: count)
      }
      return VersionCounts(
        mcuID: mcuID, versions: versions.sorted { ($1.count, $0.version) < ($0.count, $1.version) }, said: said[mcuID] ?? 0)
    }
  }

  private static func bytes(_ row: Row) -> [UInt8] { Array((row["running"] as String).utf8) }
}
