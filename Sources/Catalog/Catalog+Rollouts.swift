public import Domain
import GRDB

/// A rollout that is about to be created.
public struct NewRolloutRow: Sendable {
  public let publicID: String
  public let modelID: Int64
  public let plan: RolloutPlan
  public let items: [RolloutItem]
  public let stages: [RolloutStage]
  public let revertOf: Int64?
  public let state: RolloutState
  public let createdBy: String

  public init(
    publicID: String, modelID: Int64, plan: RolloutPlan, items: [RolloutItem], stages: [RolloutStage],
    revertOf: Int64? = nil, state: RolloutState = .draft, createdBy: String
  ) {
    self.publicID = publicID
    self.modelID = modelID
    self.plan = plan
    self.items = items
    self.stages = stages
    self.revertOf = revertOf
    self.state = state
    self.createdBy = createdBy
  }
}

/// A rollout after a change of it, and what is to be told of that.
public struct RolloutChange: Sendable {
  public let rollout: Rollout
  public let events: [RolloutEvent]
}

/// Rollouts: each change of one is a transaction that sees its counts.
extension Catalog {
  /// Every rollout, oldest first.
  public func rollouts() async throws -> [Rollout] {
    try await read { db in
      let items = Dictionary(
        grouping: try Row.fetchAll(db, sql: "SELECT * FROM rolloutItem ORDER BY position"), by: { $0["rolloutId"] as Int64 })
      let stages = Dictionary(
        grouping: try Row.fetchAll(db, sql: "SELECT * FROM rolloutStage ORDER BY position"),
        by: { $0["rolloutId"] as Int64 })
      return try Row.fetchAll(db, sql: "SELECT * FROM rollout ORDER BY id").map { row in
        try Self.rollout(row, items: items[row["id"]] ?? [], stages: stages[row["id"]] ?? [])
      }
    }
  }

  /// - Parameter other: a change of another rollout that belongs to this one, in the same transaction.
  public func createRollout(
    _ new: NewRolloutRow, at now: Timestamp, audit: AuditEntry,
    ending other: (id: Int64, change: @Sendable (inout Rollout) -> RolloutEvent)? = nil,
    event: @escaping @Sendable (Rollout) -> RolloutEvent,
    committed: @escaping @Sendable ([RolloutChange]) -> Void = { _ in }
  ) async throws -> [RolloutChange] {
    try await write(
      { db in
        var changes: [RolloutChange] = []
        var before: Rollout?
        if let other {
          var ended = try Self.rollout(other.id, db)
          before = ended
          let told = other.change(&ended)
          try Self.update(ended, db)
          changes.append(RolloutChange(rollout: ended, events: [try Self.insert(told, db)]))
        }
        let rollout = try Self.insert(new, publishing: nil, at: now, db)
        // Where another one is ended by it, the deed is about that.
        try audit.insert(db, before: before.map(Self.told), after: Self.told(changes.last?.rollout ?? rollout))
        return changes + [RolloutChange(rollout: rollout, events: [try Self.insert(event(rollout), db)])]
      }, committed: committed)
  }

  /// Changes a rollout by what it is now and by its counts.
  /// - Parameters:
  ///   - change: returns what is to be told; what it throws ends the transaction, and nothing has happened.
  ///   - committed: called on the writer once it is on the disk, in the order of the commits.
  public func changeRollout(
    _ id: Int64, audit: AuditEntry? = nil,
    _ change: @escaping @Sendable (inout Rollout, [RolloutCount]) throws -> [RolloutEvent],
    committed: @escaping @Sendable (RolloutChange) -> Void
  ) async throws {
    _ = try await write(
      { db in
        var rollout = try Self.rollout(id, db)
        let before = rollout
        let events = try change(&rollout, try Self.counts(of: id, db))
        if rollout != before { try Self.update(rollout, db) }
        if rollout != before || !events.isEmpty {
          try audit?.insert(db, before: Self.told(before), after: Self.told(rollout))
        }
        return RolloutChange(rollout: rollout, events: try events.map { try Self.insert($0, db) })
      }, committed: committed)
  }

  /// What the audit log says of a rollout.
  private static func told(_ rollout: Rollout) -> [String: String] {
    var told = ["state": rollout.state.rawValue]
    told["approvedBy"] = rollout.approvedBy
    let stages = rollout.stages.indices.filter { rollout.stages[$0].approvedBy != nil }
    // Each go is for the stage after that in which it was given.
    if !stages.isEmpty { told["approvedStages"] = stages.map { String($0 + 2) }.joined(separator: ", ") }
    return told
  }

  /// The counts of rollouts, by the row id of each.
  public func rolloutCounts(of ids: [Int64]) async throws -> [Int64: [RolloutCount]] {
    try await read { db in
      var counts: [Int64: [RolloutCount]] = [:]
      for id in ids { counts[id] = try Self.counts(of: id, db) }
      return counts
    }
  }

  static func counts(of id: Int64, _ db: Database) throws -> [RolloutCount] {
    let rows = try Row.fetchCursor(
      db.cachedStatement(
        sql: "SELECT stage, state, reason, pardoned, count FROM rolloutCount WHERE rolloutId = ? AND count > 0"),
      arguments: [id])
    var counts: [RolloutCount] = []
    while let row = try rows.next() {
      counts.append(
        RolloutCount(
          stage: row["stage"], state: try row.known("state"), reason: row["reason"], isPardoned: row["pardoned"],
          count: row["count"]))
    }
    return counts
  }

  /// The counts without the codes of failures, of which there may be many.
  static func plainCounts(of id: Int64, _ db: Database) throws -> [RolloutCount] {
    let rows = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT stage, state, pardoned, CASE state WHEN 'waiting' THEN reason ELSE '' END AS reason, SUM(count) AS count
          FROM rolloutCount WHERE rolloutId = ? AND count > 0 GROUP BY 1, 2, 3, 4
          """), arguments: [id])
    return try rows.map { row in
      RolloutCount(
        stage: row["stage"], state: try row.known("state"), reason: row["reason"], isPardoned: row["pardoned"],
        count: row["count"])
    }
  }

  static func rollout(_ id: Int64, _ db: Database) throws -> Rollout {
    guard let row = try Row.fetchOne(db, sql: "SELECT * FROM rollout WHERE id = ?", arguments: [id]) else {
      throw CatalogError(.missing, "no such rollout")
    }
    return try rollout(
      row, items: try Row.fetchAll(db, sql: "SELECT * FROM rolloutItem WHERE rolloutId = ? ORDER BY position", arguments: [id]),
      stages: try Row.fetchAll(
        db, sql: "SELECT * FROM rolloutStage WHERE rolloutId = ? ORDER BY position", arguments: [id]))
  }

  private static func rollout(_ row: Row, items: [Row], stages: [Row]) throws -> Rollout {
    let rollout = Rollout(
      id: row["id"], publicID: row["publicId"], modelID: row["modelId"], plan: try row.decoded("plan", RolloutPlan.self),
      items: items.map { RolloutItem(mcuID: $0["mcuId"], firmwareID: $0["firmwareId"]) }, revertOf: row["revertOf"],
      isPublication: (row["publishes"] as Int64?) != nil, createdAt: row.time("createdAt"), createdBy: row["createdBy"],
      state: try row.known("state"), stages: stages.map(stage), startedAt: row.optionalTime("startedAt"),
      endedAt: row.optionalTime("endedAt"), haltReason: row["haltReason"], approvedBy: row["approvedBy"])
    return rollout
  }

  private static func stage(_ row: Row) -> RolloutStage {
    let scope: RolloutStage.Scope = (row["share"] as Int?).map { .share($0) } ?? .tag(row["tag"] ?? "")
    return RolloutStage(
      scope: scope, openedAt: row.optionalTime("openedAt"), countedAt: row.optionalTime("countedAt"),
      satisfiedAt: row.optionalTime("satisfiedAt"), approvedBy: row["approvedBy"])
  }

  /// - Parameter publishing: the firmware that it is the publication of.
  static func insert(
    _ new: NewRolloutRow, publishing firmwareID: Int64?, at now: Timestamp, _ db: Database
  ) throws -> Rollout {
    let startedAt = new.stages.contains { $0.openedAt != nil } ? now : nil
    try db.execute(
      sql: """
        INSERT INTO rollout (publicId, modelId, plan, revertOf, publishes, state, createdAt, createdBy, startedAt)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        new.publicID, new.modelID, try jsonText(new.plan), new.revertOf, firmwareID, new.state.rawValue, now.milliseconds,
        new.createdBy, startedAt?.milliseconds,
      ])
    let id = db.lastInsertedRowID
    for (position, item) in new.items.enumerated() {
      try db.execute(
        sql: "INSERT INTO rolloutItem (rolloutId, position, mcuId, firmwareId) VALUES (?, ?, ?, ?)",
        arguments: [id, position, item.mcuID, item.firmwareID])
    }
    for (position, stage) in new.stages.enumerated() {
      var share: Int?
      var tag: String?
      switch stage.scope {
      case .share(let millionths): share = millionths
      case .tag(let name): tag = name
      }
      try db.execute(
        sql: "INSERT INTO rolloutStage (rolloutId, position, share, tag, openedAt) VALUES (?, ?, ?, ?, ?)",
        arguments: [id, position, share, tag, stage.openedAt?.milliseconds])
    }
    return try rollout(id, db)
  }

  /// Writes what may change of a rollout.
  static func update(_ rollout: Rollout, _ db: Database) throws {
    try db.execute(
      sql: """
        UPDATE rollout SET state = ?, startedAt = ?, endedAt = ?, haltReason = ?, approvedBy = ? WHERE id = ?
        """,
      arguments: [
        rollout.state.rawValue, rollout.startedAt?.milliseconds, rollout.endedAt?.milliseconds, rollout.haltReason,
        rollout.approvedBy, rollout.id,
      ])
    // What a cancelled rollout published is published no more.
    try db.execute(
      sql: """
        UPDATE firmware SET publishedAt = NULL
        WHERE id = (SELECT publishes FROM rollout WHERE id = ? AND state = 'cancelled') AND publishedAt IS NOT NULL
        """, arguments: [rollout.id])
    for (position, stage) in rollout.stages.enumerated() {
      try db.execute(
        sql: """
          UPDATE rolloutStage SET openedAt = ?, countedAt = ?, satisfiedAt = ?, approvedBy = ?
          WHERE rolloutId = ? AND position = ?
          """,
        arguments: [
          stage.openedAt?.milliseconds, stage.countedAt?.milliseconds, stage.satisfiedAt?.milliseconds, stage.approvedBy,
          rollout.id, position,
        ])
    }
    guard rollout.isPublication, rollout.state == .cancelled else { return }
    // What is offered by no publication any more can be published again.
    try db.execute(
      sql: """
        UPDATE firmware SET publishedAt = NULL WHERE id = (SELECT publishes FROM rollout WHERE id = ?)
          AND NOT EXISTS (SELECT 1 FROM rollout WHERE publishes = firmware.id AND state <> 'cancelled')
        """, arguments: [rollout.id])
  }
}
