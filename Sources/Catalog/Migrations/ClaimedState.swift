import GRDB

/// 0009: things that say that they run a firmware and cannot say which version that is: `claimed`.
///
/// The lists of states stand in the tables themselves, so both are made anew. The triggers that count come after the rows:
/// what was counted is counted already.
enum ClaimedState {
  static func migrate(_ db: Database) throws {
    try db.execute(sql: installations)
    try db.execute(sql: deliveries)
    try db.execute(sql: counters)
  }

  private static let installations = """
    CREATE TABLE installationWithClaims (
      thingId BIGINT NOT NULL REFERENCES thing (id),
      firmwareId BIGINT NOT NULL REFERENCES firmware (id),
      state TEXT NOT NULL CHECK (state IN ('offered', 'downloading', 'downloaded', 'installing', 'installed', 'confirmed',
        'claimed', 'failed', 'rejected', 'rolledBack')),
      since BIGINT NOT NULL,
      installedAt BIGINT,
      bootAtInstall TEXT,
      otherVersionSaidAt BIGINT,
      code TEXT,
      message TEXT,
      bytesServed BIGINT NOT NULL CHECK (bytesServed >= 0),
      rolloutId BIGINT REFERENCES rollout (id),
      attempts INTEGER NOT NULL DEFAULT 0,
      PRIMARY KEY (thingId, firmwareId)
    );
    INSERT INTO installationWithClaims (thingId, firmwareId, state, since, installedAt, bootAtInstall, otherVersionSaidAt,
        code, message, bytesServed, rolloutId, attempts)
      SELECT thingId, firmwareId, state, since, installedAt, bootAtInstall, otherVersionSaidAt, code, message, bytesServed,
        rolloutId, attempts
      FROM installation;
    DROP TABLE installation;
    ALTER TABLE installationWithClaims RENAME TO installation;
    CREATE INDEX installationAwaiting ON installation (installedAt)
      WHERE state = 'installed' AND otherVersionSaidAt IS NOT NULL;
    """

  private static let deliveries = """
    CREATE TABLE deliveryWithClaims (
      rolloutId BIGINT NOT NULL REFERENCES rollout (id),
      thingId BIGINT NOT NULL REFERENCES thing (id),
      stage INTEGER NOT NULL CHECK (stage >= 0),
      state TEXT NOT NULL CHECK (state IN ('waiting', 'offered', 'downloading', 'downloaded', 'installing', 'installed',
        'confirmed', 'claimed', 'failed', 'rejected', 'rolledBack', 'silent')),
      reason TEXT NOT NULL,
      since BIGINT NOT NULL,
      consentAt BIGINT,
      previous TEXT,
      pardoned INTEGER NOT NULL DEFAULT 0 CHECK (pardoned IN (0, 1)),
      PRIMARY KEY (rolloutId, thingId)
    ) WITHOUT ROWID;
    INSERT INTO deliveryWithClaims (rolloutId, thingId, stage, state, reason, since, consentAt, previous, pardoned)
      SELECT rolloutId, thingId, stage, state, reason, since, consentAt, previous, pardoned FROM delivery;
    DROP TABLE delivery;
    ALTER TABLE deliveryWithClaims RENAME TO delivery;
    CREATE INDEX deliveryByThing ON delivery (thingId);
    CREATE INDEX deliveryInFlight ON delivery (rolloutId, since)
      WHERE state IN ('offered', 'downloading', 'downloaded', 'installing', 'installed');
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
}
