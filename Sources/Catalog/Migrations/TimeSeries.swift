import GRDB

/// 0002: values of resources as time series, tags, and what else is known of a thing.
///
/// Values lie in the order of their series and time, so that the newest of a resource are read from one place however many
/// there are. `arrival` grows with each value that the store takes, whatever its `datetime` says. A resource that is archived
/// was a former owner's: nobody reads it any more.
enum TimeSeries {
  static func migrate(_ db: Database) throws {
    try db.execute(sql: series)
    try db.execute(sql: things)
  }

  private static let series = """
    CREATE TABLE resource (
      id INTEGER PRIMARY KEY,
      thingId BIGINT NOT NULL REFERENCES thing (id),
      key TEXT NOT NULL CHECK (length(key) BETWEEN 1 AND 128),
      archivedAt BIGINT
    );
    CREATE UNIQUE INDEX resourceOfNow ON resource (thingId, key) WHERE archivedAt IS NULL;
    CREATE VIEW currentResource AS SELECT id, thingId, key FROM resource WHERE archivedAt IS NULL;
    INSERT INTO resource (thingId, key) SELECT DISTINCT thingId, key FROM resourceValue;
    ALTER TABLE resourceValue RENAME TO resourceValueOfMainJob;
    CREATE TABLE resourceValue (
      resourceId BIGINT NOT NULL REFERENCES resource (id),
      datetime BIGINT NOT NULL,
      arrival BIGINT NOT NULL,
      value TEXT NOT NULL,
      geo TEXT,
      PRIMARY KEY (resourceId, datetime, arrival)
    ) WITHOUT ROWID;
    INSERT INTO resourceValue (resourceId, datetime, arrival, value)
      SELECT resource.id, former.datetime, former.id, former.value FROM resourceValueOfMainJob AS former
      JOIN resource ON resource.thingId = former.thingId AND resource.key = former.key;
    DROP TABLE resourceValueOfMainJob;
    """

  private static let things = """
    CREATE TABLE tag (
      id INTEGER PRIMARY KEY,
      publicId TEXT NOT NULL UNIQUE,
      thingId BIGINT NOT NULL REFERENCES thing (id),
      name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
      createdAt BIGINT NOT NULL,
      UNIQUE (thingId, name)
    );
    CREATE INDEX tagByName ON tag (name, thingId);
    ALTER TABLE thing ADD COLUMN linkAllowedUntil BIGINT;
    ALTER TABLE model ADD COLUMN keptValues BIGINT CHECK (keptValues > 0);
    ALTER TABLE model ADD COLUMN keptSeconds BIGINT CHECK (keptSeconds > 0);
    """
}
