import GRDB

/// 0008: how devices of a model come in by hawkBit's DDI, and the tokens by which gateways speak for all of them.
///
/// A model has one gateway token that does not expire at most; those before it end with their overlap.
enum DeviceDoors {
  static func migrate(_ db: Database) throws {
    try db.execute(sql: settings)
    try db.execute(sql: tokens)
  }

  private static let settings = """
    ALTER TABLE model ADD COLUMN unknownThings TEXT NOT NULL DEFAULT 'accept'
      CHECK (unknownThings IN ('accept', 'hold', 'refuse'));
    ALTER TABLE model ADD COLUMN versionAttribute TEXT NOT NULL DEFAULT 'sw_version'
      CHECK (length(versionAttribute) BETWEEN 1 AND 128);
    ALTER TABLE model ADD COLUMN trustsReports INTEGER NOT NULL DEFAULT 0 CHECK (trustsReports IN (0, 1));
    ALTER TABLE mcu ADD COLUMN moduleType TEXT NOT NULL DEFAULT 'application';
    ALTER TABLE mcu ADD COLUMN part TEXT;
    """

  private static let tokens = """
    CREATE TABLE gatewayToken (
      tokenHash BLOB PRIMARY KEY NOT NULL CHECK (length(tokenHash) = 32),
      modelId BIGINT NOT NULL REFERENCES model (id),
      sealedToken BLOB NOT NULL,
      createdAt BIGINT NOT NULL,
      expiresAt BIGINT
    );
    CREATE UNIQUE INDEX gatewayTokenOfModel ON gatewayToken (modelId) WHERE expiresAt IS NULL;
    """
}
