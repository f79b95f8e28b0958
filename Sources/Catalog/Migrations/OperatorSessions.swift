import GRDB

/// 0011: sessions of operators in browsers, found by the SHA-256 of what the cookie holds.
enum OperatorSessions {
  static func migrate(_ db: Database) throws { try db.execute(sql: table) }

  private static let table = """
    CREATE TABLE operatorSession (
      id INTEGER PRIMARY KEY,
      sessionHash BLOB NOT NULL UNIQUE CHECK (length(sessionHash) = 32),
      operatorId BIGINT NOT NULL REFERENCES operatorToken (id),
      createdAt BIGINT NOT NULL,
      expiresAt BIGINT NOT NULL
    );
    CREATE INDEX operatorSessionByOperator ON operatorSession (operatorId, id);
    CREATE INDEX operatorSessionExpiry ON operatorSession (expiresAt);
    """
}
