import GRDB

/// 0001: models, firmware, things and what is known of them. Times are milliseconds since 1970; secrets are hashes and sealed
/// bytes.
enum MainJob {
  static func migrate(_ db: Database) throws {
    try db.execute(sql: models)
    try db.execute(sql: firmwares)
    try db.execute(sql: things)
    try db.execute(sql: states)
    try db.execute(sql: operators)
  }

  private static let models = """
    CREATE TABLE model (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
      numericVersions INTEGER NOT NULL CHECK (numericVersions IN (0, 1)),
      confirmWithin BIGINT NOT NULL CHECK (confirmWithin > 0),
      createdAt BIGINT NOT NULL
    );
    CREATE TABLE mcu (
      id INTEGER PRIMARY KEY,
      modelId BIGINT NOT NULL REFERENCES model (id),
      position INTEGER NOT NULL,
      name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
      UNIQUE (modelId, name)
    );
    CREATE TABLE trustedKey (
      modelId BIGINT NOT NULL REFERENCES model (id),
      keyId TEXT NOT NULL CHECK (length(keyId) = 64),
      algorithm TEXT NOT NULL,
      name TEXT,
      pem TEXT NOT NULL,
      addedAt BIGINT NOT NULL,
      revokedAt BIGINT,
      PRIMARY KEY (modelId, keyId)
    );
    """

  private static let firmwares = """
    CREATE TABLE image (
      digest TEXT NOT NULL PRIMARY KEY CHECK (length(digest) = 64),
      size BIGINT NOT NULL CHECK (size > 0),
      storedAt BIGINT NOT NULL
    );
    CREATE TABLE firmware (
      id INTEGER PRIMARY KEY,
      publicId TEXT NOT NULL UNIQUE,
      mcuId BIGINT NOT NULL REFERENCES mcu (id),
      version TEXT NOT NULL CHECK (length(version) BETWEEN 1 AND 64),
      sequence BIGINT NOT NULL CHECK (sequence > 0),
      digest TEXT NOT NULL REFERENCES image (digest),
      keyId TEXT NOT NULL,
      envelope BLOB NOT NULL,
      format TEXT NOT NULL,
      formatDetails TEXT NOT NULL,
      createdAt BIGINT NOT NULL,
      registeredAt BIGINT NOT NULL,
      publishedAt BIGINT,
      UNIQUE (mcuId, version),
      UNIQUE (mcuId, sequence)
    );
    CREATE INDEX firmwareByDigest ON firmware (digest);
    """

  private static let things = """
    CREATE TABLE thing (
      id INTEGER PRIMARY KEY,
      publicId TEXT NOT NULL UNIQUE,
      modelId BIGINT NOT NULL REFERENCES model (id),
      createdAt BIGINT NOT NULL,
      activatedAt BIGINT,
      lastSeenAt BIGINT,
      retiredAt BIGINT
    );
    CREATE INDEX thingByModel ON thing (modelId, id);
    CREATE TABLE thingToken (
      tokenHash BLOB NOT NULL PRIMARY KEY CHECK (length(tokenHash) = 32),
      thingId BIGINT NOT NULL REFERENCES thing (id),
      sealedToken BLOB NOT NULL,
      createdAt BIGINT NOT NULL,
      expiresAt BIGINT
    );
    CREATE INDEX thingTokenByThing ON thingToken (thingId);
    CREATE TABLE activationCode (
      id INTEGER PRIMARY KEY,
      codeHash BLOB NOT NULL UNIQUE CHECK (length(codeHash) = 32),
      sealedCode BLOB NOT NULL,
      modelId BIGINT NOT NULL REFERENCES model (id),
      createdAt BIGINT NOT NULL,
      usedAt BIGINT,
      thingId BIGINT UNIQUE REFERENCES thing (id)
    );
    CREATE INDEX activationCodeByModel ON activationCode (modelId, id);
    """

  private static let states = """
    CREATE TABLE thingMCU (
      thingId BIGINT NOT NULL REFERENCES thing (id),
      mcuId BIGINT NOT NULL REFERENCES mcu (id),
      running TEXT,
      boot TEXT,
      reportedAt BIGINT,
      firmwareId BIGINT REFERENCES firmware (id),
      PRIMARY KEY (thingId, mcuId)
    );
    CREATE INDEX thingMCUByFirmware ON thingMCU (firmwareId);
    CREATE INDEX thingMCUByRunning ON thingMCU (mcuId, running);
    CREATE TABLE installation (
      thingId BIGINT NOT NULL REFERENCES thing (id),
      firmwareId BIGINT NOT NULL REFERENCES firmware (id),
      state TEXT NOT NULL CHECK (state IN ('offered', 'downloading', 'downloaded', 'installing', 'installed', 'confirmed',
        'failed', 'rejected', 'rolledBack')),
      since BIGINT NOT NULL,
      installedAt BIGINT,
      bootAtInstall TEXT,
      otherVersionSaidAt BIGINT,
      code TEXT,
      message TEXT,
      bytesServed BIGINT NOT NULL CHECK (bytesServed >= 0),
      PRIMARY KEY (thingId, firmwareId)
    );
    CREATE INDEX installationAwaiting ON installation (installedAt)
      WHERE state = 'installed' AND otherVersionSaidAt IS NOT NULL;
    CREATE TABLE resourceValue (
      id INTEGER PRIMARY KEY,
      thingId BIGINT NOT NULL REFERENCES thing (id),
      key TEXT NOT NULL,
      value TEXT NOT NULL,
      datetime BIGINT NOT NULL
    );
    CREATE INDEX resourceValueNewest ON resourceValue (thingId, key, datetime, id);
    """

  private static let operators = """
    CREATE TABLE operatorToken (
      tokenHash BLOB NOT NULL PRIMARY KEY CHECK (length(tokenHash) = 32),
      name TEXT NOT NULL,
      createdAt BIGINT NOT NULL,
      revokedAt BIGINT
    );
    CREATE TABLE auditEntry (
      id INTEGER PRIMARY KEY,
      at BIGINT NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      subject TEXT NOT NULL,
      details TEXT NOT NULL
    );
    """
}
