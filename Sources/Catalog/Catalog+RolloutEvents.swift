public import Domain
import GRDB

/// What happened to rollouts.
extension Catalog {
  /// Stores an event, and a delivery for each webhook that it concerns, in the transaction of what it tells of: all of it is
  /// there, or nothing.
  /// - Returns: the event with its number; one that is not stored as it is.
  static func insert(_ event: RolloutEvent, _ db: Database) throws -> RolloutEvent {
    guard event.kind.isStored else { return event }
    try db.execute(
      sql: "INSERT INTO rolloutEvent (rolloutId, model, at, kind, details) VALUES (?, ?, ?, ?, ?)",
      arguments: [event.rolloutID, event.model, event.at.milliseconds, event.kind.rawValue, try jsonText(event.details)])
    let id = db.lastInsertedRowID
    try db.execute(
      sql: """
        INSERT INTO webhookDelivery (webhookId, eventId, createdAt, nextAttemptAt)
        SELECT id, ?1, ?2, ?2 FROM webhook WHERE disabledAt IS NULL
          AND (kinds = '[]' OR EXISTS (SELECT 1 FROM json_each(kinds) WHERE value = ?3))
          AND (models = '[]' OR EXISTS (SELECT 1 FROM json_each(models) WHERE value = ?4))
        ORDER BY id
        """, arguments: [id, event.at.milliseconds, event.kind.rawValue, event.model])
    return RolloutEvent(
      id: id, rolloutID: event.rolloutID, model: event.model, at: event.at, kind: event.kind, details: event.details)
  }

  /// Events of a rollout in the order in which they happened.
  /// - Parameter after: the number of the last one that is known already; 0 for none.
  public func rolloutEvents(of rolloutID: String, after: Int64, limit: Int) async throws -> [RolloutEvent] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM rolloutEvent WHERE rolloutId = ? AND id > ? ORDER BY id LIMIT ?",
        arguments: [rolloutID, after, limit]
      ).compactMap(Self.rolloutEvent)
    }
  }

  /// The number of the newest event of a rollout; 0 where nothing has happened.
  public func newestRolloutEvent(of rolloutID: String) async throws -> Int64 {
    try await read { db in
      try Int64.fetchOne(db, sql: "SELECT max(id) FROM rolloutEvent WHERE rolloutId = ?", arguments: [rolloutID]) ?? 0
    }
  }

  /// Nil for a kind that this version does not know.
  private static func rolloutEvent(_ row: Row) -> RolloutEvent? {
    guard let kind = RolloutEvent.Kind(rawValue: row["kind"]) else { return nil }
    return RolloutEvent(
      id: row["id"], rolloutID: row["rolloutId"], model: row["model"], at: row.time("at"), kind: kind,
      details: row.details("details"))
  }
}
