import GRDB

/// 0012: how many things ran each version, over time.
///
/// A row is written where the number differs from the one before of that MCU and version: readings between two rows are the
/// earlier one's. The version '' stands for things that never said one, since no version is empty. The index over inactive
/// things is what takes them off the counts without reading the others.
enum VersionSamples {
  static func migrate(_ db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE versionSample (
          mcuId BIGINT NOT NULL REFERENCES mcu (id),
          version TEXT NOT NULL,
          at BIGINT NOT NULL,
          things BIGINT NOT NULL CHECK (things >= 0),
          PRIMARY KEY (mcuId, version, at)
        ) WITHOUT ROWID;
        CREATE INDEX versionSampleByTime ON versionSample (at);
        CREATE INDEX thingInactive ON thing (modelId, id) WHERE retiredAt IS NOT NULL OR activatedAt IS NULL;
        """)
  }
}
