public import Domain
import GRDB

/// One thing of a rollout, as a list shows it.
public struct ListedDelivery: Sendable {
  /// The row's id; for the next page.
  public let thingID: Int64
  public let publicID: String
  public let delivery: Delivery
}

/// A rollout on its things.
extension Catalog {
  /// Counts things among those of a stage that wait, unless the rollout has them already.
  public func enroll(_ thingIDs: [Int64], _ delivery: Delivery) -> PendingCommit {
    enqueue { db in
      let statement = try db.cachedStatement(
        sql: """
          INSERT INTO delivery (rolloutId, thingId, stage, state, reason, since)
          SELECT ?1, id, ?3, ?4, ?5, ?6 FROM thing WHERE id = ?2 AND retiredAt IS NULL
          ON CONFLICT (rolloutId, thingId) DO NOTHING
          """)
      for thingID in thingIDs {
        try statement.execute(
          arguments: [
            delivery.rolloutID, thingID, delivery.stage, delivery.state.rawValue, delivery.reason,
            delivery.since.milliseconds,
          ])
      }
    }
  }

  /// Pardons what has failed of a rollout.
  public func pardon(_ rolloutID: Int64) -> PendingCommit {
    enqueue { db in
      try db.execute(
        sql: """
          UPDATE delivery SET pardoned = 1
          WHERE rolloutId = ? AND state IN ('failed', 'rejected', 'rolledBack', 'silent') AND pardoned = 0
          """, arguments: [rolloutID])
    }
  }

  /// Whether a rollout knows of any thing what it ran before.
  public func canRevert(_ rolloutID: Int64) async throws -> Bool {
    try await read { db in
      try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM delivery WHERE rolloutId = ? AND previous IS NOT NULL)",
        arguments: [rolloutID]) ?? false
    }
  }

  /// Things that were told to update and have not been heard of since the moment.
  /// - Parameter downloadOnly: whether the rollout asks for no more than a download.
  public func silentThings(
    of rolloutID: Int64, since moment: Timestamp, downloadOnly: Bool, limit: Int
  ) async throws -> [Int64] {
    try await read { db in
      try Int64.fetchAll(
        db,
        sql: """
          SELECT delivery.thingId FROM delivery JOIN thing ON thing.id = delivery.thingId
          WHERE delivery.rolloutId = ?1 AND delivery.since <= ?2
            AND delivery.state IN ('offered', 'downloading', 'downloaded', 'installing', 'installed')
            AND (NOT ?4 OR delivery.state <> 'downloaded')
            AND (thing.lastSeenAt IS NULL OR thing.lastSeenAt <= ?2) LIMIT ?3
          """, arguments: [rolloutID, moment.milliseconds, limit, downloadOnly])
    }
  }

  /// The things of a rollout, in the order of their row ids.
  public func deliveries(
    of rolloutID: Int64, state: DeliveryState?, after: Int64?, limit: Int
  ) async throws -> [ListedDelivery] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT delivery.*, thing.publicId AS publicId FROM delivery JOIN thing ON thing.id = delivery.thingId
          WHERE delivery.rolloutId = ?1 AND delivery.thingId > ?2 AND (?3 IS NULL OR delivery.state = ?3)
          ORDER BY delivery.thingId LIMIT ?4
          """, arguments: [rolloutID, after ?? 0, state?.rawValue, limit]
      ).map { ListedDelivery(thingID: $0["thingId"], publicID: $0["publicId"], delivery: try Self.delivery($0)) }
    }
  }

  /// Where the counters say something else than the things: as text, empty where all is right.
  public func wrongRolloutCounts() async throws -> [(rollout: String, detail: String)] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          WITH counted AS (SELECT rolloutId, stage, state, reason, pardoned, COUNT(*) AS count FROM delivery
            GROUP BY 1, 2, 3, 4, 5),
            both AS (
              SELECT rolloutId, stage, state, reason, pardoned, count AS kept, 0 AS found FROM rolloutCount
              UNION ALL SELECT rolloutId, stage, state, reason, pardoned, 0, count FROM counted)
          SELECT rollout.publicId AS publicId, stage, both.state AS state, reason, SUM(kept) AS kept, SUM(found) AS found
          FROM both JOIN rollout ON rollout.id = both.rolloutId
          GROUP BY 1, 2, 3, 4, both.pardoned HAVING SUM(kept) <> SUM(found)
          """
      ).map { row in
        let (stage, state, reason): (Int, String, String) = (row["stage"], row["state"], row["reason"])
        let (kept, found): (Int, Int) = (row["kept"], row["found"])
        return (
          row["publicId"], "stage \(stage + 1), \(state) \(reason): the counter says \(kept), there are \(found)"
        )
      }
    }
  }

  static func record(_ delivery: Delivery, of thingID: Int64, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO delivery (rolloutId, thingId, stage, state, reason, since, consentAt, previous, pardoned)
        SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9 FROM thing WHERE id = ?2 AND retiredAt IS NULL
        ON CONFLICT (rolloutId, thingId) DO UPDATE SET stage = excluded.stage, state = excluded.state,
          reason = excluded.reason, since = excluded.since, consentAt = excluded.consentAt, previous = excluded.previous,
          pardoned = excluded.pardoned
        """
    ).execute(
      arguments: [
        delivery.rolloutID, thingID, delivery.stage, delivery.state.rawValue, delivery.reason, delivery.since.milliseconds,
        delivery.consentAt?.milliseconds, delivery.previous.isEmpty ? nil : try jsonText(delivery.previous),
        delivery.isPardoned,
      ])
  }

  static func delivery(_ row: Row) throws -> Delivery {
    Delivery(
      rolloutID: row["rolloutId"], stage: row["stage"], state: try row.known("state"), reason: row["reason"],
      since: row.time("since"), consentAt: row.optionalTime("consentAt"),
      previous: (row["previous"] as String?) == nil ? [] : try row.decoded("previous", [RolloutItem].self),
      isPardoned: row["pardoned"])
  }
}
