import GRDB

/// 0004: rollouts, what each of them is on each thing, and how many things of it are where.
///
/// The counters of `rolloutCount` are moved by triggers, in the transaction that moves the thing and whichever statement does
/// it: nobody can forget them.
enum Deliveries {
  static func migrate(_ db: Database) throws {
    try db.execute(sql: rollouts)
    try db.execute(sql: deliveries)
    try db.execute(sql: counters)
    try db.execute(sql: publications)
  }

  private static let rollouts = """
    CREATE TABLE rollout (
      id INTEGER PRIMARY KEY,
      publicId TEXT NOT NULL UNIQUE,
      modelId BIGINT NOT NULL REFERENCES model (id),
      plan TEXT NOT NULL,
      revertOf BIGINT REFERENCES rollout (id),
      publishes BIGINT REFERENCES firmware (id),
      state TEXT NOT NULL CHECK (state IN ('draft', 'scheduled', 'running', 'paused', 'halted', 'finished', 'cancelled')),
      createdAt BIGINT NOT NULL,
      createdBy TEXT NOT NULL,
      startedAt BIGINT,
      endedAt BIGINT,
      haltReason TEXT,
      approvedBy TEXT
    );
    CREATE INDEX rolloutByModel ON rollout (modelId, id);
    CREATE TABLE rolloutItem (
      rolloutId BIGINT NOT NULL REFERENCES rollout (id),
      position INTEGER NOT NULL,
      mcuId BIGINT NOT NULL REFERENCES mcu (id),
      firmwareId BIGINT NOT NULL REFERENCES firmware (id),
      PRIMARY KEY (rolloutId, mcuId)
    );
    CREATE INDEX rolloutItemByFirmware ON rolloutItem (firmwareId);
    CREATE TABLE rolloutStage (
      rolloutId BIGINT NOT NULL REFERENCES rollout (id),
      position INTEGER NOT NULL,
      share INTEGER CHECK (share BETWEEN 1 AND 1000000),
      tag TEXT,
      openedAt BIGINT,
      countedAt BIGINT,
      satisfiedAt BIGINT,
      approvedBy TEXT,
      PRIMARY KEY (rolloutId, position),
      CHECK ((share IS NULL) <> (tag IS NULL))
    );
    ALTER TABLE firmware ADD COLUMN requires TEXT;
    ALTER TABLE firmware ADD COLUMN withdrawnAt BIGINT;
    ALTER TABLE installation ADD COLUMN rolloutId BIGINT REFERENCES rollout (id);
    ALTER TABLE installation ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
    """

  private static let deliveries = """
    CREATE TABLE delivery (
      rolloutId BIGINT NOT NULL REFERENCES rollout (id),
      thingId BIGINT NOT NULL REFERENCES thing (id),
      stage INTEGER NOT NULL CHECK (stage >= 0),
      state TEXT NOT NULL CHECK (state IN ('waiting', 'offered', 'downloading', 'downloaded', 'installing', 'installed',
        'confirmed', 'failed', 'rejected', 'rolledBack', 'silent')),
      reason TEXT NOT NULL,
      since BIGINT NOT NULL,
      consentAt BIGINT,
      previous TEXT,
      pardoned INTEGER NOT NULL DEFAULT 0 CHECK (pardoned IN (0, 1)),
      PRIMARY KEY (rolloutId, thingId)
    ) WITHOUT ROWID;
    CREATE INDEX deliveryByThing ON delivery (thingId);
    CREATE INDEX deliveryInFlight ON delivery (rolloutId, since)
      WHERE state IN ('offered', 'downloading', 'downloaded', 'installing', 'installed');
    CREATE TABLE rolloutCount (
      rolloutId BIGINT NOT NULL REFERENCES rollout (id),
      stage INTEGER NOT NULL,
      state TEXT NOT NULL,
      reason TEXT NOT NULL,
      pardoned INTEGER NOT NULL,
      count BIGINT NOT NULL,
      PRIMARY KEY (rolloutId, stage, state, reason, pardoned)
    ) WITHOUT ROWID;
    """

  private static let counters = """
    CREATE TRIGGER deliveryAdded AFTER INSERT ON delivery BEGIN
      INSERT INTO rolloutCount (rolloutId, stage, state, reason, pardoned, count)
        VALUES (NEW.rolloutId, NEW.stage, NEW.state, NEW.reason, NEW.pardoned, 1)
        ON CONFLICT (rolloutId, stage, state, reason, pardoned) DO UPDATE SET count = count + 1;
    END;
    CREATE TRIGGER deliveryRemoved AFTER DELETE ON delivery BEGIN
      UPDATE rolloutCount SET count = count - 1
        WHERE rolloutId = OLD.rolloutId AND stage = OLD.stage AND state = OLD.state AND reason = OLD.reason
          AND pardoned = OLD.pardoned;
    END;
    CREATE TRIGGER deliveryMoved AFTER UPDATE ON delivery
      WHEN OLD.stage <> NEW.stage OR OLD.state <> NEW.state OR OLD.reason <> NEW.reason
        OR OLD.pardoned <> NEW.pardoned BEGIN
      UPDATE rolloutCount SET count = count - 1
        WHERE rolloutId = OLD.rolloutId AND stage = OLD.stage AND state = OLD.state AND reason = OLD.reason
          AND pardoned = OLD.pardoned;
      INSERT INTO rolloutCount (rolloutId, stage, state, reason, pardoned, count)
        VALUES (NEW.rolloutId, NEW.stage, NEW.state, NEW.reason, NEW.pardoned, 1)
        ON CONFLICT (rolloutId, stage, state, reason, pardoned) DO UPDATE SET count = count + 1;
    END;
    """

  /// What was published before there were rollouts becomes a rollout to all in one stage, with the id that its firmware has,
  /// and what stands on each thing becomes its delivery.
  private static let publications = """
    INSERT INTO rollout (id, publicId, modelId, plan, publishes, state, createdAt, createdBy, startedAt)
      SELECT firmware.id, firmware.publicId, mcu.modelId, '{"attempts":1,"minSample":1,"soak":0,"success":0}', firmware.id,
        'running', firmware.publishedAt, 'operator', firmware.publishedAt
      FROM firmware JOIN mcu ON mcu.id = firmware.mcuId WHERE firmware.publishedAt IS NOT NULL;
    INSERT INTO rolloutItem (rolloutId, position, mcuId, firmwareId)
      SELECT firmware.id, 0, firmware.mcuId, firmware.id FROM firmware WHERE firmware.publishedAt IS NOT NULL;
    INSERT INTO rolloutStage (rolloutId, position, share, openedAt, countedAt)
      SELECT id, 0, 1000000, startedAt, startedAt FROM rollout;
    UPDATE installation SET rolloutId = firmwareId WHERE firmwareId IN (SELECT id FROM rollout);
    UPDATE installation SET attempts = 1 WHERE state = 'failed';
    INSERT INTO delivery (rolloutId, thingId, stage, state, reason, since)
      SELECT installation.rolloutId, installation.thingId, 0, state,
        CASE WHEN state IN ('failed', 'rejected', 'rolledBack') THEN COALESCE(code, '') ELSE '' END, since
      FROM installation JOIN thing ON thing.id = installation.thingId
      WHERE installation.rolloutId IS NOT NULL AND thing.retiredAt IS NULL;
    """
}
