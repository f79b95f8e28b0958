import GRDB

/// 0006: what happened to rollouts, and who outside is told.
///
/// A delivery is a row for each webhook that an event concerns, written with the event: what is due is found here after a
/// crash. Its number is never given twice, since receivers know a delivery by it; one without an event is a test.
enum EventsAndWebhooks {
  static func migrate(_ db: Database) throws { try db.execute(sql: tables) }

  private static let tables = """
    CREATE TABLE rolloutEvent (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      rolloutId TEXT NOT NULL,
      model TEXT NOT NULL,
      at BIGINT NOT NULL,
      kind TEXT NOT NULL,
      details TEXT NOT NULL
    );
    CREATE INDEX rolloutEventByRollout ON rolloutEvent (rolloutId, id);
    CREATE TABLE webhook (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      publicId TEXT NOT NULL UNIQUE,
      url TEXT NOT NULL,
      sealedSecret BLOB NOT NULL,
      kinds TEXT NOT NULL,
      models TEXT NOT NULL,
      createdAt BIGINT NOT NULL,
      createdBy TEXT NOT NULL,
      disabledAt BIGINT,
      lastAttemptAt BIGINT
    );
    CREATE TABLE webhookDelivery (
      id INTEGER PRIMARY KEY AUTOINCREMENT,
      webhookId BIGINT NOT NULL REFERENCES webhook (id) ON DELETE CASCADE,
      eventId BIGINT REFERENCES rolloutEvent (id),
      createdAt BIGINT NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0,
      nextAttemptAt BIGINT,
      lastAttemptAt BIGINT,
      deliveredAt BIGINT,
      status INTEGER,
      failure TEXT
    );
    CREATE INDEX webhookDeliveryByWebhook ON webhookDelivery (webhookId, id);
    CREATE INDEX webhookDeliveryDue ON webhookDelivery (webhookId, nextAttemptAt, id) WHERE nextAttemptAt IS NOT NULL;
    CREATE INDEX webhookDeliveryNext ON webhookDelivery (nextAttemptAt) WHERE nextAttemptAt IS NOT NULL;
    """
}
