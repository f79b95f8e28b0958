import GRDB

/// 0013: the history of things, and what the audit log is asked for.
///
/// An event is written by a trigger in the transaction of what it tells, whichever statement does it: nobody can forget one,
/// and none stays of what was taken back. Its time is the one that the row has. What leaves no time in a row (an import, a
/// reset, another token) is written by the statement's own verb, beside it.
///
/// `number` counts the events of a thing, so that the newest thousand of each are kept by one search in an index. `id` grows
/// with all of them: the oldest of the store are found at its beginning.
enum ThingHistory {
  static func migrate(_ db: Database) throws {
    try db.execute(sql: table)
    try db.execute(sql: past)
    try db.execute(sql: index)
    for sql in [bound, lives, versions, installations, deliveries, owners] { try db.execute(sql: sql) }
    try db.execute(sql: auditIndexes)
  }

  private static let table = """
    CREATE TABLE thingEvent (
      id INTEGER PRIMARY KEY,
      thingId BIGINT NOT NULL REFERENCES thing (id),
      number BIGINT NOT NULL CHECK (number > 0),
      at BIGINT NOT NULL,
      kind TEXT NOT NULL CHECK (kind IN ('created', 'imported', 'activated', 'tokenRotated', 'reset', 'retried', 'retired',
        'linked', 'unlinked', 'running', 'state', 'joined', 'ended')),
      mcuId BIGINT REFERENCES mcu (id),
      version TEXT,
      state TEXT,
      rolloutId BIGINT REFERENCES rollout (id),
      code TEXT,
      message TEXT
    );
    """

  /// What the rows of a store that was there before still know, in the order of time.
  private static let past = """
    INSERT INTO thingEvent (thingId, number, at, kind, mcuId, version, state, rolloutId, code, message)
      WITH known (thingId, at, place, kind, mcuId, version, state, rolloutId, code, message) AS (
        SELECT id, createdAt, 1, 'created', NULL, NULL, NULL, NULL, NULL, NULL FROM thing
        UNION ALL
        SELECT id, activatedAt, 2, 'activated', NULL, NULL, NULL, NULL, NULL, NULL FROM thing WHERE activatedAt IS NOT NULL
        UNION ALL
        SELECT thingId, linkedAt, 3, 'linked', NULL, NULL, NULL, NULL, NULL, NULL FROM ownership
        UNION ALL
        SELECT thingId, endedAt, 4, 'unlinked', NULL, NULL, NULL, NULL, NULL, NULL FROM ownership WHERE endedAt IS NOT NULL
        UNION ALL
        SELECT installation.thingId, installation.since, 5, 'state', firmware.mcuId, firmware.version, installation.state,
          installation.rolloutId, installation.code, installation.message
          FROM installation JOIN firmware ON firmware.id = installation.firmwareId
        UNION ALL
        SELECT thingMCU.thingId, COALESCE(thingMCU.reportedAt, thing.lastSeenAt, thing.activatedAt, thing.createdAt), 6,
          'running', thingMCU.mcuId, thingMCU.running, NULL, NULL, NULL, NULL
          FROM thingMCU JOIN thing ON thing.id = thingMCU.thingId WHERE thingMCU.running IS NOT NULL
        UNION ALL
        SELECT id, retiredAt, 7, 'retired', NULL, NULL, NULL, NULL, NULL, NULL FROM thing WHERE retiredAt IS NOT NULL)
      SELECT thingId, ROW_NUMBER() OVER (PARTITION BY thingId ORDER BY at, place, mcuId, version), at, kind, mcuId, version,
        state, rolloutId, code, message
      FROM known ORDER BY at, thingId, place, mcuId, version;
    """

  /// Made once the past is in the table: sorted at once, and not looked up for each event of a large store.
  private static let index = "CREATE UNIQUE INDEX thingEventByThing ON thingEvent (thingId, number)"

  private static let bound = """
    CREATE TRIGGER thingEventAdded AFTER INSERT ON thingEvent WHEN NEW.number > 1000 BEGIN
      DELETE FROM thingEvent WHERE thingId = NEW.thingId AND number <= NEW.number - 1000;
    END;
    """

  /// That a thing was created is noted beside the statement: a trigger would make each INSERT of a thing ask all tables that
  /// refer to things.
  private static let lives = """
    CREATE TRIGGER thingActivated AFTER UPDATE OF activatedAt ON thing WHEN NEW.activatedAt IS NOT NULL BEGIN
      INSERT INTO thingEvent (thingId, number, at, kind) VALUES (NEW.id,
        COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = NEW.id), 0) + 1, NEW.activatedAt, 'activated');
    END;
    CREATE TRIGGER thingRetired AFTER UPDATE OF retiredAt ON thing
      WHEN NEW.retiredAt IS NOT NULL AND OLD.retiredAt IS NULL BEGIN
      INSERT INTO thingEvent (thingId, number, at, kind) VALUES (NEW.id,
        COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = NEW.id), 0) + 1, NEW.retiredAt, 'retired');
    END;
    """

  private static let versions = """
    CREATE TRIGGER thingMCUAdded AFTER INSERT ON thingMCU WHEN NEW.running IS NOT NULL BEGIN
      INSERT INTO thingEvent (thingId, number, at, kind, mcuId, version) VALUES (NEW.thingId,
        COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = NEW.thingId), 0) + 1,
        COALESCE(NEW.reportedAt,
          (SELECT COALESCE(lastSeenAt, activatedAt, createdAt) FROM thing WHERE id = NEW.thingId)),
        'running', NEW.mcuId, NEW.running);
    END;
    CREATE TRIGGER thingMCUMoved AFTER UPDATE OF running ON thingMCU
      WHEN NEW.running IS NOT NULL AND (OLD.running IS NULL OR OLD.running <> NEW.running) BEGIN
      INSERT INTO thingEvent (thingId, number, at, kind, mcuId, version) VALUES (NEW.thingId,
        COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = NEW.thingId), 0) + 1,
        COALESCE(NEW.reportedAt,
          (SELECT COALESCE(lastSeenAt, activatedAt, createdAt) FROM thing WHERE id = NEW.thingId)),
        'running', NEW.mcuId, NEW.running);
    END;
    """

  /// A download that failed and is tried again stays in its state: the attempts tell.
  private static let installations = """
    CREATE TRIGGER installationAdded AFTER INSERT ON installation BEGIN
      INSERT INTO thingEvent (thingId, number, at, kind, mcuId, version, state, rolloutId, code, message)
        SELECT NEW.thingId, COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = NEW.thingId), 0) + 1, NEW.since,
          'state', mcuId, version, NEW.state, NEW.rolloutId, NEW.code, NEW.message
        FROM firmware WHERE id = NEW.firmwareId;
    END;
    CREATE TRIGGER installationMoved AFTER UPDATE OF state, attempts ON installation
      WHEN OLD.state <> NEW.state OR OLD.attempts < NEW.attempts BEGIN
      INSERT INTO thingEvent (thingId, number, at, kind, mcuId, version, state, rolloutId, code, message)
        SELECT NEW.thingId, COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = NEW.thingId), 0) + 1, NEW.since,
          'state', mcuId, version, NEW.state, NEW.rolloutId, NEW.code, NEW.message
        FROM firmware WHERE id = NEW.firmwareId;
    END;
    """

  /// What lies between a rollout's beginning and its end on a thing is in the states of the firmwares.
  private static let deliveries = """
    CREATE TRIGGER deliveryJoined AFTER INSERT ON delivery BEGIN
      INSERT INTO thingEvent (thingId, number, at, kind, state, rolloutId, code) VALUES (NEW.thingId,
        COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = NEW.thingId), 0) + 1, NEW.since, 'joined', NEW.state,
        NEW.rolloutId, NULLIF(NEW.reason, ''));
    END;
    CREATE TRIGGER deliveryEnded AFTER UPDATE OF state ON delivery
      WHEN OLD.state <> NEW.state
        AND NEW.state IN ('confirmed', 'claimed', 'failed', 'rejected', 'rolledBack', 'silent') BEGIN
      INSERT INTO thingEvent (thingId, number, at, kind, state, rolloutId, code) VALUES (NEW.thingId,
        COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = NEW.thingId), 0) + 1, NEW.since, 'ended', NEW.state,
        NEW.rolloutId, NULLIF(NEW.reason, ''));
    END;
    """

  private static let owners = """
    CREATE TRIGGER ownershipAdded AFTER INSERT ON ownership BEGIN
      INSERT INTO thingEvent (thingId, number, at, kind) VALUES (NEW.thingId,
        COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = NEW.thingId), 0) + 1, NEW.linkedAt, 'linked');
    END;
    CREATE TRIGGER ownershipRenewed AFTER UPDATE OF endedAt ON ownership
      WHEN OLD.endedAt IS NOT NULL AND NEW.endedAt IS NULL BEGIN
      INSERT INTO thingEvent (thingId, number, at, kind) VALUES (NEW.thingId,
        COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = NEW.thingId), 0) + 1, NEW.linkedAt, 'linked');
    END;
    CREATE TRIGGER ownershipEnded AFTER UPDATE OF endedAt ON ownership
      WHEN OLD.endedAt IS NULL AND NEW.endedAt IS NOT NULL BEGIN
      INSERT INTO thingEvent (thingId, number, at, kind) VALUES (NEW.thingId,
        COALESCE((SELECT MAX(number) FROM thingEvent WHERE thingId = NEW.thingId), 0) + 1, NEW.endedAt, 'unlinked');
    END;
    """

  private static let auditIndexes = """
    CREATE INDEX auditEntryBySubject ON auditEntry (subject, id);
    CREATE INDEX auditEntryByActor ON auditEntry (actor, id);
    CREATE INDEX auditEntryByAction ON auditEntry (action, id);
    """
}
