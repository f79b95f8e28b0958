public import Domain
import GRDB

/// What has changed of one thing: the rows to write, whole.
public struct StandingChange: Sendable {
  public let thingID: Int64
  public var mcus: [MCUStanding]
  public var installations: [Installation]
  public var deliveries: [Delivery]
  /// The rollouts that no longer concern it.
  public var leftRollouts: [Int64]

  public init(
    thingID: Int64, mcus: [MCUStanding] = [], installations: [Installation] = [], deliveries: [Delivery] = [],
    leftRollouts: [Int64] = []
  ) {
    self.thingID = thingID
    self.mcus = mcus
    self.installations = installations
    self.deliveries = deliveries
    self.leftRollouts = leftRollouts
  }
}

/// How many things are in a state of a firmware.
public struct StateCount: Sendable, Hashable {
  public let firmwareID: Int64
  public let state: InstallationState
  public let count: Int
}

/// How many things say that they run a version on an MCU.
public struct RunningCount: Sendable, Hashable {
  public let mcuID: Int64
  public let version: String
  public let count: Int
}

/// Where firmware stands on things: what things say and what the server sees, and the figures that operators ask for.
extension Catalog {
  /// Queues the present rows of things, for one transaction.
  public func record(_ changes: [StandingChange]) -> PendingCommit {
    let pending = PendingCommit()
    enqueue(
      { [failures] db in try failures.record(changes, db) },
      done: { [failures] outcome, _ in
        if case .success(let halted) = outcome { failures.tell(halted) }
        pending.finish(outcome.map { _ in })
      })
    return pending
  }

  /// Queues that a thing may have again what failed, was rejected or was rolled back on it.
  public func retry(_ firmwareIDs: [Int64], of thingID: Int64, audit: AuditEntry) -> PendingCommit {
    enqueue { db in
      var before: [String: String] = [:]
      for id in firmwareIDs {
        if let row = try Row.fetchOne(
          db,
          sql: """
            SELECT mcu.name AS mcu, firmware.version, installation.state FROM installation
            JOIN firmware ON firmware.id = installation.firmwareId JOIN mcu ON mcu.id = firmware.mcuId
            WHERE installation.thingId = ? AND installation.firmwareId = ?
            """, arguments: [thingID, id])
        {
          before["\(row["mcu"] as String)/\(row["version"] as String)"] = row["state"]
        }
        try db.execute(
          sql: "UPDATE thingMCU SET firmwareId = NULL WHERE thingId = ? AND firmwareId = ?", arguments: [thingID, id])
        try db.execute(sql: "DELETE FROM installation WHERE thingId = ? AND firmwareId = ?", arguments: [thingID, id])
      }
      try Self.note(.retried, of: thingID, at: audit.at, db)
      try audit.insert(db, before: before, after: before.mapValues { _ in "none" })
    }
  }

  /// Things with an installed firmware that said another version afterwards and whose install is older than the moment.
  public func awaitingConfirmation(installedBefore moment: Timestamp, limit: Int) async throws -> [Int64] {
    try await read { db in
      try Int64.fetchAll(
        db,
        sql: """
          SELECT DISTINCT thingId FROM installation
          WHERE state = 'installed' AND otherVersionSaidAt IS NOT NULL AND installedAt <= ? LIMIT ?
          """, arguments: [moment.milliseconds, limit])
    }
  }

  /// How many things are in each state now. A thing counts once for each of its MCUs: for the firmware that was offered or
  /// reported last. Retired things do not count.
  public func stateCounts() async throws -> [StateCount] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT installation.firmwareId AS firmwareId, state, COUNT(*) AS count FROM thingMCU
          JOIN installation ON installation.thingId = thingMCU.thingId AND installation.firmwareId = thingMCU.firmwareId
          JOIN thing ON thing.id = thingMCU.thingId WHERE thing.retiredAt IS NULL
          GROUP BY installation.firmwareId, state
          """
      ).map { StateCount(firmwareID: $0["firmwareId"], state: try $0.known("state"), count: $0["count"]) }
    }
  }

  /// How many things say that they run each version. Retired things do not count.
  public func runningCounts() async throws -> [RunningCount] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT mcuId, running, COUNT(*) AS count FROM thingMCU JOIN thing ON thing.id = thingMCU.thingId
          WHERE running IS NOT NULL AND thing.retiredAt IS NULL GROUP BY mcuId, running
          """
      ).map { RunningCount(mcuID: $0["mcuId"], version: $0["running"], count: $0["count"]) }
    }
  }

  static func record(_ change: StandingChange, _ db: Database) throws {
    for mcu in change.mcus {
      try db.cachedStatement(
        sql: """
          INSERT INTO thingMCU (thingId, mcuId, running, boot, reportedAt, firmwareId) VALUES (?, ?, ?, ?, ?, ?)
          ON CONFLICT (thingId, mcuId) DO UPDATE SET running = excluded.running, boot = excluded.boot,
            reportedAt = excluded.reportedAt, firmwareId = excluded.firmwareId
          """
      ).execute(
        arguments: [change.thingID, mcu.mcuID, mcu.running, mcu.boot, mcu.reportedAt?.milliseconds, mcu.firmwareID])
    }
    for installation in change.installations { try record(installation, of: change.thingID, db) }
    for delivery in change.deliveries { try record(delivery, of: change.thingID, db) }
    for rolloutID in change.leftRollouts {
      try db.cachedStatement(sql: "DELETE FROM delivery WHERE rolloutId = ? AND thingId = ?").execute(
        arguments: [rolloutID, change.thingID])
    }
  }

  private static func record(_ installation: Installation, of thingID: Int64, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO installation (thingId, firmwareId, state, since, installedAt, bootAtInstall, otherVersionSaidAt, code,
          message, bytesServed, rolloutId, attempts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (thingId, firmwareId) DO UPDATE SET state = excluded.state, since = excluded.since,
          installedAt = excluded.installedAt, bootAtInstall = excluded.bootAtInstall,
          otherVersionSaidAt = excluded.otherVersionSaidAt, code = excluded.code, message = excluded.message,
          bytesServed = excluded.bytesServed, rolloutId = excluded.rolloutId, attempts = excluded.attempts
        """
    ).execute(
      arguments: [
        thingID, installation.firmwareID, installation.state.rawValue, installation.since.milliseconds,
        installation.installedAt?.milliseconds, installation.bootAtInstall, installation.otherVersionSaidAt?.milliseconds,
        installation.code, installation.message, installation.bytesServed,
        installation.rolloutID, installation.attempts,
      ])
  }
}
