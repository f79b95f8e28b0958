import GRDB

/// 0007: the digests that some devices ask for beside SHA-256. An image that was stored before gets them in the background, and
/// none has but one of them.
enum ImageDigests {
  static func migrate(_ db: Database) throws { try db.execute(sql: columns) }

  private static let columns = """
    ALTER TABLE image ADD COLUMN sha1 TEXT CHECK (length(sha1) = 40);
    ALTER TABLE image ADD COLUMN md5 TEXT CHECK ((sha1 IS NULL) = (md5 IS NULL) AND length(md5) = 32);
    CREATE INDEX imageWithoutOtherDigests ON image (digest) WHERE sha1 IS NULL;
    """
}
