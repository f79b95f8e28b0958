public import Domain
import GRDB

/// What devices of the DDI door are told of rollouts, and what they said of it.
extension Catalog {
  /// The most reports of one action that are kept.
  public static let mostActionReports = 1000

  /// Tells a device of a rollout by a new action, unless it has an open one.
  public func openAction(
    of controllerID: String, thingID: Int64, rolloutID: Int64, at now: Timestamp,
    committed: @escaping @Sendable (Controller?) -> Void
  ) async throws -> Controller? {
    try await write(
      { db in
        try db.execute(
          sql: """
            INSERT INTO deviceAction (thingId, rolloutId, createdAt, cancellation) VALUES (?, ?, ?, 'none')
            ON CONFLICT DO NOTHING
            """, arguments: [thingID, rolloutID, now.milliseconds])
        return try Self.controller(controllerID, db)
      }, committed: committed)
  }

  /// Notes whether the device is told to stop. What is closed stays closed.
  public func setCancellation(
    _ cancellation: DeviceAction.Cancellation, ofAction id: Int64, of controllerID: String, report: ActionReport?,
    committed: @escaping @Sendable (Controller?) -> Void
  ) async throws -> Controller? {
    try await write(
      { db in
        if let report { try Self.add(report, to: id, db) }
        try db.execute(
          sql: "UPDATE deviceAction SET cancellation = ?, askedAt = NULL WHERE id = ? AND closedAt IS NULL",
          arguments: [cancellation.rawValue, id])
        return try Self.controller(controllerID, db)
      }, committed: committed)
  }

  /// Notes whether a device was told to leave the update alone.
  public func noteSkip(
    _ isSkip: Bool, ofAction id: Int64, of controllerID: String, committed: @escaping @Sendable (Controller?) -> Void
  ) async throws {
    _ = try await write(
      { db in
        try db.execute(
          sql: "UPDATE deviceAction SET toldToSkip = ? WHERE id = ? AND closedAt IS NULL", arguments: [isSkip, id])
        return try Self.controller(controllerID, db)
      }, committed: committed)
  }

  /// Closes an action, or takes the word of a device on one that was closed without it.
  /// - Parameter asksAttributes: whether the device is asked for its attributes anew.
  public func closeAction(
    _ id: Int64, of controllerID: String, _ outcome: DeviceAction.Outcome, finalReport: String?, report: ActionReport?,
    asksAttributes: Bool, at now: Timestamp, committed: @escaping @Sendable (Controller?) -> Void
  ) async throws -> Controller? {
    try await write(
      { db in
        if let report { try Self.add(report, to: id, db) }
        try db.execute(
          sql: """
            UPDATE deviceAction SET closedAt = coalesce(closedAt, ?), outcome = coalesce(outcome, ?),
              finalReport = coalesce(?, finalReport) WHERE id = ?
            """, arguments: [now.milliseconds, outcome.rawValue, finalReport, id])
        if asksAttributes {
          try db.execute(sql: "UPDATE controller SET asksAttributes = 1 WHERE controllerId = ?", arguments: [controllerID])
        }
        return try Self.controller(controllerID, db)
      }, committed: committed)
  }

  /// Closes as cancelled what devices were told to stop and have not answered for, and notes from when on those are to answer
  /// that were told since the last call.
  /// - Parameters:
  ///   - moment: what was noted by then is closed.
  ///   - committed: is given the controllers whose actions were closed, as they are now.
  /// - Returns: how many actions were closed.
  public func closeUnansweredCancellations(
    notedBy moment: Timestamp, at now: Timestamp, limit: Int, committed: @escaping @Sendable ([Controller]) -> Void
  ) async throws -> Int {
    let asked = "deviceAction INDEXED BY deviceActionAsked WHERE cancellation = 'asked' AND closedAt IS NULL AND"
    let isAny = try await read { db in
      for (condition, arguments) in [("askedAt IS NULL", []), ("askedAt <= ?", [moment.milliseconds])] {
        let sql = "SELECT 1 FROM \(asked) \(condition) LIMIT 1"
        if try Int.fetchOne(db, sql: sql, arguments: StatementArguments(arguments)) != nil { return true }
      }
      return false
    }
    guard isAny else { return 0 }
    return try await write(
      { db -> (count: Int, controllers: [Controller]) in
        try db.execute(
          sql: "UPDATE deviceAction SET askedAt = ? WHERE cancellation = 'asked' AND closedAt IS NULL AND askedAt IS NULL",
          arguments: [now.milliseconds])
        let overdue = try Row.fetchAll(
          db, sql: "SELECT id, thingId FROM \(asked) askedAt <= ? LIMIT ?", arguments: [moment.milliseconds, limit])
        for row in overdue {
          try db.execute(
            sql: "UPDATE deviceAction SET closedAt = ?, outcome = 'cancelled' WHERE id = ?",
            arguments: [now.milliseconds, row["id"] as Int64])
        }
        let names = try Set(overdue.map { $0["thingId"] as Int64 }).compactMap { thingID in
          try String.fetchOne(db, sql: "SELECT controllerId FROM controller WHERE thingId = ?", arguments: [thingID])
        }
        return (overdue.count, try names.compactMap { try Self.controller($0, db) })
      }, committed: { committed($0.controllers) }
    ).count
  }

  /// Keeps what a device said of an action.
  /// - Throws: `full` where `mostActionReports` are kept already.
  public func addReport(_ report: ActionReport, toAction id: Int64) async throws {
    try await write { db in try Self.add(report, to: id, db) }
  }

  public func action(_ id: Int64) async throws -> DeviceAction? {
    try await read { db in
      try Row.fetchOne(db, sql: "SELECT * FROM deviceAction WHERE id = ?", arguments: [id]).map(Self.action)
    }
  }

  /// The newest reports of an action, newest first: as many as it takes for `limit` messages, and one at least.
  /// - Parameter limit: of messages.
  public func reports(ofAction id: Int64, limit: Int) async throws -> [ActionReport] {
    try await read { db in
      let rows = try Row.fetchCursor(
        db, sql: "SELECT * FROM actionReport WHERE actionId = ? ORDER BY id DESC", arguments: [id])
      var reports: [ActionReport] = []
      var messages = 0
      while messages < limit || reports.isEmpty, let row = try rows.next() {
        let report = ActionReport(
          at: row.time("at"), execution: try row.known("execution"), finished: try row.known("finished"), code: row["code"],
          messages: row.texts("messages"))
        reports.append(report)
        messages += report.messages.count
      }
      return reports
    }
  }

  /// Deletes reports of actions that were closed before a moment, from the oldest on, in one transaction.
  /// - Parameter most: how many of them.
  /// - Returns: how many were deleted; fewer than `most` where no more are left.
  public func deleteReports(closedBefore moment: Timestamp, most: Int) async throws -> Int {
    try await write { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT deviceAction.id AS actionId, actionReport.id AS reportId
          FROM deviceAction INDEXED BY deviceActionReported CROSS JOIN actionReport ON actionReport.actionId = deviceAction.id
          WHERE closedAt < ? AND closedAt IS NOT NULL AND reports > 0 ORDER BY closedAt LIMIT ?
          """, arguments: [moment.milliseconds, most])
      let reports: [Int64] = rows.map { $0["reportId"] }
      let actions: [Int64] = rows.map { $0["actionId"] }
      try db.execute(
        sql: "DELETE FROM actionReport WHERE id IN (SELECT value FROM json_each(?))", arguments: [try jsonText(reports)])
      // What has none left is not looked at again.
      try db.execute(
        sql: """
          UPDATE deviceAction SET reports = 0 WHERE id IN (SELECT value FROM json_each(?))
            AND NOT EXISTS (SELECT 1 FROM actionReport WHERE actionId = deviceAction.id)
          """, arguments: [try jsonText(Set(actions))])
      return reports.count
    }
  }

  static func actions(of thingID: Int64, _ db: Database) throws -> [DeviceAction] {
    let open = try Row.fetchAll(
      db.cachedStatement(sql: "SELECT * FROM deviceAction WHERE thingId = ? AND closedAt IS NULL ORDER BY id"),
      arguments: [thingID])
    let finished = try Row.fetchAll(
      db.cachedStatement(
        sql: "SELECT * FROM deviceAction WHERE thingId = ? AND outcome = 'finished' ORDER BY id DESC LIMIT 1"),
      arguments: [thingID])
    return try (open + finished).map(action)
  }

  /// Closes what a thing was told of and has not ended.
  /// - Returns: how many actions those were.
  static func cancelActions(of thingID: Int64, at now: Timestamp, _ db: Database) throws -> Int {
    try db.execute(
      sql: "UPDATE deviceAction SET closedAt = ?, outcome = 'cancelled' WHERE thingId = ? AND closedAt IS NULL",
      arguments: [now.milliseconds, thingID])
    return db.changesCount
  }

  private static func add(_ report: ActionReport, to id: Int64, _ db: Database) throws {
    try db.execute(
      sql: "UPDATE deviceAction SET reports = reports + 1 WHERE id = ? AND reports < ?", arguments: [id, mostActionReports])
    guard db.changesCount > 0 else {
      throw CatalogError(.full, "there are \(mostActionReports) reports of this action already")
    }
    try db.execute(
      sql: "INSERT INTO actionReport (actionId, at, execution, finished, code, messages) VALUES (?, ?, ?, ?, ?, ?)",
      arguments: [
        id, report.at.milliseconds, report.execution.rawValue, report.finished.rawValue, report.code,
        try jsonText(report.messages),
      ])
  }

  private static func action(_ row: Row) throws -> DeviceAction {
    let outcome: String? = row["outcome"]
    return DeviceAction(
      id: row["id"], thingID: row["thingId"], rolloutID: row["rolloutId"], createdAt: row.time("createdAt"),
      cancellation: try row.known("cancellation"), wasToldToSkip: row["toldToSkip"], closedAt: row.optionalTime("closedAt"),
      outcome: outcome == nil ? nil : try row.known("outcome"), finalReport: row["finalReport"])
  }
}
