import GRDB

/// 0005: operators with roles, tokens for some models and for some time, what was before and after each deed, and models whose
/// firmware two people have to let go.
///
/// `fromFile` marks the token that lies in the store's folder; whoever had one before is an administrator. A token that a
/// person revoked has `revokedBy`, and does not come back with the file.
enum Operators {
  static func migrate(_ db: Database) throws {
    try db.execute(sql: tokens)
    try db.execute(sql: others)
  }

  private static let tokens = """
    ALTER TABLE operatorToken RENAME TO operatorTokenOfMainJob;
    CREATE TABLE operatorToken (
      id INTEGER PRIMARY KEY,
      tokenHash BLOB NOT NULL UNIQUE CHECK (length(tokenHash) = 32),
      name TEXT NOT NULL,
      role TEXT NOT NULL CHECK (role IN ('viewer', 'uploader', 'releaser', 'administrator')),
      models TEXT,
      fromFile INTEGER NOT NULL CHECK (fromFile IN (0, 1)),
      createdAt BIGINT NOT NULL,
      expiresAt BIGINT,
      revokedAt BIGINT,
      revokedBy TEXT
    );
    INSERT INTO operatorToken (tokenHash, name, role, fromFile, createdAt, revokedAt)
      SELECT tokenHash, name, 'administrator', 1, createdAt, revokedAt FROM operatorTokenOfMainJob ORDER BY createdAt;
    DROP TABLE operatorTokenOfMainJob;
    """

  private static let others = """
    ALTER TABLE auditEntry ADD COLUMN stateBefore TEXT;
    ALTER TABLE auditEntry ADD COLUMN stateAfter TEXT;
    ALTER TABLE model ADD COLUMN fourEyes INTEGER NOT NULL DEFAULT 0 CHECK (fourEyes IN (0, 1));
    ALTER TABLE model ADD COLUMN pollSeconds BIGINT NOT NULL DEFAULT 300 CHECK (pollSeconds BETWEEN 1 AND 86400);
    """
}
