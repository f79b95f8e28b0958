public import Domain
import GRDB

/// A delivery that is due, with what is needed to make it.
public struct DueDelivery: Sendable {
  public let delivery: WebhookDelivery
  public let webhook: Webhook
  public let sealedSecret: [UInt8]
}

/// How an attempt at a delivery ended.
public enum DeliveryOutcome: Sendable {
  case delivered(status: Int)
  case again(at: Timestamp, status: Int?, failure: String)
  case givenUp(status: Int?, failure: String)
  /// The receiver wants no more of them, ever.
  case gone(status: Int, failure: String)
}

/// Events on their way to webhooks: durable, so that none is lost in a crash.
extension Catalog {
  /// Queues a delivery without an event.
  /// - Returns: nil where there is no such webhook, or it is disabled.
  public func queueTest(
    ofWebhook publicID: String, at now: Timestamp, audit: AuditEntry
  ) async throws -> WebhookDelivery? {
    try await write { db in
      guard let webhook = try Self.webhook(publicID, db), webhook.disabledAt == nil else { return nil }
      try db.execute(
        sql: "INSERT INTO webhookDelivery (webhookId, createdAt, nextAttemptAt) VALUES (?1, ?2, ?2)",
        arguments: [webhook.id, now.milliseconds])
      let id = db.lastInsertedRowID
      try audit.insert(db, before: nil, after: ["delivery": String(id)])
      return try Row.fetchOne(db, sql: "\(Self.deliveries) WHERE delivery.id = ?", arguments: [id]).map(Self.delivery)
    }
  }

  /// Deliveries to a webhook, newest first.
  /// - Parameter after: the id of the last delivery of the page before.
  public func deliveries(to webhookID: Int64, after: Int64?, limit: Int) async throws -> [WebhookDelivery] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "\(Self.deliveries) WHERE delivery.webhookId = ? AND delivery.id < ? ORDER BY delivery.id DESC LIMIT ?",
        arguments: [webhookID, after ?? Int64.max, limit]
      ).map(Self.delivery)
    }
  }

  /// The webhooks to which something is due; the one that was tried least lately comes first, so that none keeps the others
  /// waiting.
  public func webhooksWithDeliveries(dueAt now: Timestamp) async throws -> [Int64] {
    try await read { db in
      try Int64.fetchAll(
        db,
        sql: """
          SELECT id FROM webhook WHERE EXISTS (
            SELECT 1 FROM webhookDelivery
            WHERE webhookId = webhook.id AND nextAttemptAt IS NOT NULL AND nextAttemptAt <= ?)
          ORDER BY coalesce(lastAttemptAt, 0), id
          """, arguments: [now.milliseconds])
    }
  }

  /// The delivery to a webhook that is due for the longest time; of several, the oldest.
  public func dueDelivery(to webhookID: Int64, at now: Timestamp) async throws -> DueDelivery? {
    try await read { db in
      let due = try Row.fetchOne(
        db,
        sql: """
          \(Self.deliveries) WHERE delivery.webhookId = ? AND nextAttemptAt IS NOT NULL AND nextAttemptAt <= ?
          ORDER BY nextAttemptAt, delivery.id LIMIT 1
          """, arguments: [webhookID, now.milliseconds])
      let row = try Row.fetchOne(db, sql: "SELECT * FROM webhook WHERE id = ?", arguments: [webhookID])
      guard let due, let row else { return nil }
      return DueDelivery(
        delivery: Self.delivery(due), webhook: Self.webhook(row), sealedSecret: row.bytes("sealedSecret"))
    }
  }

  /// When the next delivery is due; nil while none waits.
  public func nextDeliveryAttempt() async throws -> Timestamp? {
    try await read { db in
      try Int64.fetchOne(db, sql: "SELECT min(nextAttemptAt) FROM webhookDelivery WHERE nextAttemptAt IS NOT NULL")
        .map { Timestamp(milliseconds: $0) }
    }
  }

  /// Records an attempt. A delivery that has left the queue meanwhile is left as it is.
  public func record(_ outcome: DeliveryOutcome, ofDelivery id: Int64, at now: Timestamp) async throws {
    let (next, delivered, status, failure): (Timestamp?, Timestamp?, Int?, String?) =
      switch outcome {
      case .delivered(let status): (nil, now, status, nil)
      case .again(let time, let status, let failure): (time, nil, status, failure)
      case .givenUp(let status, let failure): (nil, nil, status, failure)
      case .gone(let status, let failure): (nil, nil, status, failure)
      }
    try await write { db in
      try db.execute(
        sql: """
          UPDATE webhookDelivery SET attempts = attempts + 1, lastAttemptAt = ?, nextAttemptAt = ?, deliveredAt = ?,
            status = ?, failure = ?
          WHERE id = ? AND nextAttemptAt IS NOT NULL
          """, arguments: [now.milliseconds, next?.milliseconds, delivered?.milliseconds, status, failure, id])
      try db.execute(
        sql: "UPDATE webhook SET lastAttemptAt = ? WHERE id = (SELECT webhookId FROM webhookDelivery WHERE id = ?)",
        arguments: [now.milliseconds, id])
      if case .gone(_, let failure) = outcome { try Self.disableWebhook(ofDelivery: id, at: now, because: failure, db) }
    }
  }

  /// Nothing that still waits for it is sent any more.
  private static func disableWebhook(
    ofDelivery id: Int64, at now: Timestamp, because failure: String, _ db: Database
  ) throws {
    try db.execute(
      sql: """
        UPDATE webhook SET disabledAt = ?
        WHERE id = (SELECT webhookId FROM webhookDelivery WHERE id = ?) AND disabledAt IS NULL
        """, arguments: [now.milliseconds, id])
    try db.execute(
      sql: """
        UPDATE webhookDelivery SET nextAttemptAt = NULL, failure = ?
        WHERE webhookId = (SELECT webhookId FROM webhookDelivery WHERE id = ?) AND nextAttemptAt IS NOT NULL
        """, arguments: [failure, id])
  }

  /// Removes deliveries with which nothing more is to be done.
  /// - Returns: how many.
  @discardableResult
  public func forgetDeliveries(endedBefore moment: Timestamp) async throws -> Int {
    try await write { db in
      try db.execute(
        sql: "DELETE FROM webhookDelivery WHERE nextAttemptAt IS NULL AND coalesce(lastAttemptAt, createdAt) < ?",
        arguments: [moment.milliseconds])
      return db.changesCount
    }
  }

  private static let deliveries = """
    SELECT delivery.*, event.rolloutId, event.model, event.at, event.kind, event.details
    FROM webhookDelivery AS delivery LEFT JOIN rolloutEvent AS event ON event.id = delivery.eventId
    """

  private static func delivery(_ row: Row) -> WebhookDelivery {
    WebhookDelivery(
      id: row["id"], event: (row["eventId"] as Int64?).flatMap { event($0, row) }, createdAt: row.time("createdAt"),
      attempts: row["attempts"], nextAttemptAt: row.optionalTime("nextAttemptAt"),
      lastAttemptAt: row.optionalTime("lastAttemptAt"), deliveredAt: row.optionalTime("deliveredAt"), status: row["status"],
      failure: row["failure"])
  }

  private static func event(_ id: Int64, _ row: Row) -> RolloutEvent? {
    guard let kind = RolloutEvent.Kind(rawValue: row["kind"]) else { return nil }
    return RolloutEvent(
      id: id, rolloutID: row["rolloutId"], model: row["model"], at: row.time("at"), kind: kind,
      details: row.details("details"))
  }
}
