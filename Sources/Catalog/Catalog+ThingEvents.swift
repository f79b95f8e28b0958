public import Domain
import GRDB

/// The history of things: mostly written by triggers (migration 0013), read here.
extension Catalog {
  /// What became of a thing, newest first.
  /// - Parameter number: that of the last event of the page before.
  public func events(of thingID: Int64, before number: Int64?, limit: Int) async throws -> [ThingEvent] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT event.number, event.at, event.kind, event.version, event.state, event.code, event.message,
            mcu.name AS mcu, rollout.publicId AS rollout
          FROM thingEvent AS event LEFT JOIN mcu ON mcu.id = event.mcuId LEFT JOIN rollout ON rollout.id = event.rolloutId
          WHERE event.thingId = ? AND event.number < ? ORDER BY event.number DESC LIMIT ?
          """, arguments: [thingID, number ?? Int64.max, limit]
      ).map { row in
        ThingEvent(
          number: row["number"], at: row.time("at"), kind: try row.known("kind"), mcu: row["mcu"], version: row["version"],
          state: (row["state"] as String?) == nil ? nil : try row.known("state"), rollout: row["rollout"],
          code: row["code"], message: row["message"])
      }
    }
  }

  /// Removes events from before the moment, of those that have been stored longest.
  /// - Parameter most: how many are looked at.
  /// - Returns: how many went.
  public func deleteEvents(before moment: Timestamp, most: Int) async throws -> Int {
    try await write { db in
      try db.execute(
        sql: "DELETE FROM thingEvent WHERE id IN (SELECT id FROM thingEvent ORDER BY id LIMIT ?) AND at < ?",
        arguments: [most, moment.milliseconds])
      return db.changesCount
    }
  }

  /// Notes in the history of a thing what leaves no time in a row of it.
  static func note(_ kind: ThingEvent.Kind, of thingID: Int64, at now: Timestamp, _ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO thingEvent (thingId, number, at, kind) VALUES (?1,
          COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = ?1), 0) + 1, ?2, ?3)
        """, arguments: [thingID, now.milliseconds, kind.rawValue])
  }
}
