import GRDB

/// 0003: apps and their users, who may see which thing, the users' object store, and mails on their way.
enum People {
  static func migrate(_ db: Database) throws {
    try db.execute(sql: accounts)
    try db.execute(sql: access)
    try db.execute(sql: objects)
  }

  private static let accounts = """
    CREATE TABLE app (
      id INTEGER PRIMARY KEY,
      name TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
      createdAt BIGINT NOT NULL,
      declaredAt BIGINT
    );
    CREATE TABLE appUser (
      id INTEGER PRIMARY KEY,
      publicId TEXT NOT NULL UNIQUE,
      appId BIGINT NOT NULL REFERENCES app (id),
      email TEXT NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
      passwordHash TEXT NOT NULL,
      settings TEXT NOT NULL,
      grantedResources TEXT NOT NULL,
      grantedThings TEXT NOT NULL,
      objectCount BIGINT NOT NULL DEFAULT 0 CHECK (objectCount >= 0),
      createdAt BIGINT NOT NULL,
      UNIQUE (appId, email)
    );
    CREATE TABLE appSession (
      tokenHash BLOB NOT NULL PRIMARY KEY CHECK (length(tokenHash) = 32),
      userId BIGINT NOT NULL REFERENCES appUser (id),
      createdAt BIGINT NOT NULL,
      expiresAt BIGINT NOT NULL
    );
    CREATE INDEX appSessionByUser ON appSession (userId);
    CREATE INDEX appSessionByExpiry ON appSession (expiresAt);
    CREATE TABLE mail (
      id INTEGER PRIMARY KEY,
      recipient TEXT NOT NULL,
      subject TEXT NOT NULL,
      sealedText BLOB NOT NULL,
      createdAt BIGINT NOT NULL,
      attempts INTEGER NOT NULL,
      nextAttemptAt BIGINT,
      deliveredAt BIGINT,
      failure TEXT
    );
    CREATE INDEX mailDue ON mail (nextAttemptAt) WHERE nextAttemptAt IS NOT NULL;
    """

  /// `thingAccess` is the rule of who sees which thing, in one place: its owner sees all of it, and somebody else what a
  /// confirmed share names, as long as the one who shared it owns it. `*` stands for every resource.
  private static let access = """
    CREATE TABLE ownership (
      thingId BIGINT NOT NULL PRIMARY KEY REFERENCES thing (id),
      userId BIGINT NOT NULL REFERENCES appUser (id),
      linkedAt BIGINT NOT NULL,
      endedAt BIGINT
    );
    CREATE INDEX ownershipByUser ON ownership (userId, thingId);
    CREATE TABLE share (
      id INTEGER PRIMARY KEY,
      ownerId BIGINT NOT NULL REFERENCES appUser (id),
      email TEXT NOT NULL,
      tokenHash BLOB NOT NULL UNIQUE CHECK (length(tokenHash) = 32),
      createdAt BIGINT NOT NULL,
      expiresAt BIGINT NOT NULL,
      granteeId BIGINT REFERENCES appUser (id),
      confirmedAt BIGINT
    );
    CREATE INDEX shareByOwner ON share (ownerId, email);
    CREATE INDEX shareByGrantee ON share (granteeId);
    CREATE TABLE shareItem (
      shareId BIGINT NOT NULL REFERENCES share (id) ON DELETE CASCADE,
      thingId BIGINT NOT NULL REFERENCES thing (id),
      resource TEXT NOT NULL,
      PRIMARY KEY (shareId, thingId, resource)
    );
    CREATE INDEX shareItemByThing ON shareItem (thingId);
    CREATE VIEW thingAccess AS
      SELECT userId, thingId, '*' AS resource, 1 AS owns FROM ownership WHERE endedAt IS NULL
      UNION ALL
      SELECT share.granteeId AS userId, shareItem.thingId, shareItem.resource, 0 AS owns
      FROM share JOIN shareItem ON shareItem.shareId = share.id
      JOIN ownership ON ownership.thingId = shareItem.thingId AND ownership.userId = share.ownerId
        AND ownership.endedAt IS NULL
      WHERE share.confirmedAt IS NOT NULL;
    """

  private static let objects = """
    CREATE TABLE classObject (
      userId BIGINT NOT NULL REFERENCES appUser (id),
      collection TEXT NOT NULL CHECK (length(collection) BETWEEN 1 AND 128),
      objectKey TEXT NOT NULL CHECK (length(objectKey) BETWEEN 1 AND 128),
      body TEXT NOT NULL,
      createdAt BIGINT NOT NULL,
      updatedAt BIGINT NOT NULL,
      PRIMARY KEY (userId, collection, objectKey)
    ) WITHOUT ROWID;
    """
}
