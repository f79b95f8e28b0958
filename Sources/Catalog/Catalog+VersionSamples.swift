public import Domain
import GRDB

/// How many things ran each version, over time. What is looked for is found by readers; writes are short.
extension Catalog {
  /// Buckets that are thinned in one transaction, so that writes come in between.
  private static let thinnedTogether = 24
  /// Of samples that are ahead of the clock: the most seconds from the first to the last of which a clock is held to have been
  /// wrong, and not to be so now.
  private static let longestError: Int64 = 7 * 86_400
  /// How the version of things that never said one is written.
  private static let unsaid = ""

  /// A version on an MCU.
  private struct Place: Hashable {
    let mcuID: Int64
    let version: String

    init(mcuID: Int64, version: String) {
      self.mcuID = mcuID
      self.version = version
    }

    init(_ row: Row) { self.init(mcuID: row["mcuId"], version: row["version"]) }
  }

  /// Counts the active things on each version, as `runningCounts` does, and writes the numbers that differ from the last ones.
  /// What was written for a time after this one, by a clock that went wrong, goes. Where that would be more than a week, it is
  /// this time that is wrong (a computer that has just started, without a clock of its own): then nothing is written.
  /// - Parameter most: the most versions of an MCU that are told apart, those of the most things; the others are
  ///   `VersionSpread.other` together.
  /// - Returns: how many numbers were written.
  public func sampleVersions(at now: Timestamp, most: Int) async throws -> Int {
    let (changes, isAhead) = try await read { db -> ([(place: Place, things: Int)], Bool) in
      let secondsAhead = try Self.secondsAhead(of: now, db)
      guard secondsAhead ?? 0 <= Self.longestError else { return ([], false) }
      let counts = try Self.versionCounts(most: most, db)
      let last = try Self.lastSamples(at: now, db)
      let changed = Set(counts.keys).union(last.keys).filter { counts[$0, default: 0] != last[$0, default: 0] }
      return (changed.map { (place: $0, things: counts[$0, default: 0]) }, secondsAhead != nil)
    }
    guard !changes.isEmpty || isAhead else { return 0 }
    return try await write { db in
      if isAhead { try db.execute(sql: "DELETE FROM versionSample WHERE at > ?", arguments: [now.milliseconds]) }
      for (place, things) in changes {
        try db.cachedStatement(
          sql: """
            INSERT INTO versionSample (mcuId, version, at, things) VALUES (?, ?, ?, ?)
            ON CONFLICT (mcuId, version, at) DO UPDATE SET things = excluded.things
            """
        ).execute(arguments: [place.mcuID, place.version, now.milliseconds, things])
      }
      return changes.count
    }
  }

  /// From the first sample that is ahead of the moment to the last; nil where none is.
  private static func secondsAhead(of moment: Timestamp, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(
      db, sql: "SELECT (MAX(at) - MIN(at)) / 1000 FROM versionSample WHERE at > ?", arguments: [moment.milliseconds])
  }

  /// All that say a version are counted in the index alone; the inactive ones, which are few, are taken off: a cross join,
  /// so that they are where the search begins.
  private static func versionCounts(most: Int, _ db: Database) throws -> [Place: Int] {
    var counts: [Place: Int] = [:]
    var saying: [Int64: Int] = [:]
    let rows = try Row.fetchCursor(
      db,
      sql: """
        WITH said AS (
          SELECT mcuId, running AS version, COUNT(*) AS things FROM thingMCU WHERE running <> '' GROUP BY mcuId, running
        ), inactive AS (
          SELECT thingMCU.mcuId AS mcuId, thingMCU.running AS version, COUNT(*) AS things
          FROM thing CROSS JOIN thingMCU
          WHERE (thing.retiredAt IS NOT NULL OR thing.activatedAt IS NULL) AND thingMCU.thingId = thing.id
            AND thingMCU.running <> ''
          GROUP BY thingMCU.mcuId, thingMCU.running
        ), active AS (
          SELECT said.mcuId AS mcuId, said.version AS version, said.things - COALESCE(inactive.things, 0) AS things FROM said
          LEFT JOIN inactive ON inactive.mcuId = said.mcuId AND inactive.version = said.version
        ), ranked AS (
          SELECT mcuId, version, things, ROW_NUMBER() OVER (PARTITION BY mcuId ORDER BY things DESC, version) AS place
          FROM active WHERE things > 0
        )
        SELECT mcuId, CASE WHEN place <= ? THEN version ELSE ? END AS version, SUM(things) AS things
        FROM ranked GROUP BY 1, 2
        """, arguments: [most, VersionSpread.other])
    while let row = try rows.next() {
      counts[Place(row)] = row["things"]
      saying[row["mcuId"], default: 0] += row["things"]
    }
    let silent = try Row.fetchAll(
      db,
      sql: """
        SELECT mcu.id AS mcuId, everyone.things - COALESCE(inactive.things, 0) AS things FROM mcu
        JOIN (SELECT modelId, COUNT(*) AS things FROM thing GROUP BY modelId) AS everyone ON everyone.modelId = mcu.modelId
        LEFT JOIN (
          SELECT modelId, COUNT(*) AS things FROM thing WHERE (retiredAt IS NOT NULL OR activatedAt IS NULL) GROUP BY modelId
        ) AS inactive ON inactive.modelId = mcu.modelId
        """)
    for row in silent {
      let mcuID: Int64 = row["mcuId"]
      let things = (row["things"] as Int) - saying[mcuID, default: 0]
      if things > 0 { counts[Place(mcuID: mcuID, version: unsaid)] = things }
    }
    return counts
  }

  /// The numbers as they stand, without zeros.
  private static func lastSamples(at now: Timestamp, _ db: Database) throws -> [Place: Int] {
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT sample.mcuId AS mcuId, sample.version AS version, sample.things AS things
        FROM (SELECT mcuId, version, MAX(at) AS at FROM versionSample WHERE at <= ? GROUP BY mcuId, version) AS newest
        JOIN versionSample AS sample
          ON sample.mcuId = newest.mcuId AND sample.version = newest.version AND sample.at = newest.at
        WHERE sample.things > 0
        """, arguments: [now.milliseconds])
    var last: [Place: Int] = [:]
    while let row = try rows.next() { last[Place(row)] = row["things"] }
    return last
  }

  /// What the samples of an MCU say of these times.
  public func versionSpread(of mcuID: Int64, at times: [Timestamp]) async throws -> VersionSpread {
    try await read { db in
      var spread = VersionSpread(times: times)
      guard let end = times.last else { return spread }
      let rows = try Row.fetchCursor(
        db, sql: "SELECT version, at, things FROM versionSample WHERE mcuId = ? AND at <= ? ORDER BY version, at",
        arguments: [mcuID, end.milliseconds])
      var version: String?
      var samples: [VersionSample] = []
      func take() {
        if let version { spread.add(version == Self.unsaid ? nil : version, samples) }
        samples = []
      }
      while let row = try rows.next() {
        if row["version"] != version {
          take()
          version = row["version"]
        }
        samples.append(VersionSample(at: row.time("at"), things: row["things"]))
      }
      take()
      return spread
    }
  }

  /// Leaves one time at most that has samples in each bucket: the last one, at which every version is then as it was. Numbers
  /// that say nothing new go.
  /// - Parameters:
  ///   - range: from the start of a bucket to the start of another.
  ///   - width: of a bucket, in seconds; buckets begin at multiples of it since 1970.
  /// - Returns: how many buckets were thinned.
  public func thinVersionSamples(in range: Range<Timestamp>, every width: Int64) async throws -> Int {
    let buckets = try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT MIN(at) AS first, MAX(at) AS last FROM versionSample WHERE at >= ? AND at < ?
          GROUP BY at / ? HAVING MIN(at) < MAX(at)
          """, arguments: [range.lowerBound.milliseconds, range.upperBound.milliseconds, width * 1000]
      ).map { (first: $0["first"] as Int64, last: $0["last"] as Int64) }
    }
    var rest = buckets[...]
    while !rest.isEmpty, !Task.isCancelled {
      let part = Array(rest.prefix(Self.thinnedTogether))
      rest = rest.dropFirst(part.count)
      try await write { db in for bucket in part { try Self.thin(from: bucket.first, to: bucket.last, db) } }
    }
    return buckets.count - rest.count
  }

  private static func thin(from first: Int64, to last: Int64, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO versionSample (mcuId, version, at, things)
        SELECT sample.mcuId, sample.version, ?2, sample.things
        FROM (SELECT mcuId, version, MAX(at) AS at FROM versionSample WHERE at BETWEEN ?1 AND ?2 GROUP BY mcuId, version)
          AS newest
        JOIN versionSample AS sample
          ON sample.mcuId = newest.mcuId AND sample.version = newest.version AND sample.at = newest.at
        WHERE sample.at < ?2
        """
    ).execute(arguments: [first, last])
    try db.cachedStatement(sql: "DELETE FROM versionSample WHERE at >= ? AND at < ?").execute(arguments: [first, last])
    try db.cachedStatement(
      sql: """
        DELETE FROM versionSample AS sample WHERE at = ? AND things = COALESCE((
          SELECT earlier.things FROM versionSample AS earlier
          WHERE earlier.mcuId = sample.mcuId AND earlier.version = sample.version AND earlier.at < sample.at
          ORDER BY earlier.at DESC LIMIT 1), 0)
        """
    ).execute(arguments: [last])
  }

  /// Forgets the samples until a moment, but for the last number of each version, unless that is zero: every reading from that
  /// moment on stays as it is.
  /// - Returns: how many went, the oldest first, at most so many.
  public func forgetVersionSamples(until moment: Timestamp, most: Int) async throws -> Int {
    try await write { db in
      try db.cachedStatement(
        sql: """
          DELETE FROM versionSample WHERE (mcuId, version, at) IN (
            SELECT old.mcuId, old.version, old.at FROM versionSample AS old
            WHERE old.at <= ?1 AND (old.things = 0 OR EXISTS (
              SELECT 1 FROM versionSample AS later
              WHERE later.mcuId = old.mcuId AND later.version = old.version AND later.at > old.at AND later.at <= ?1))
            ORDER BY old.at LIMIT ?2)
          """
      ).execute(arguments: [moment.milliseconds, most])
      return db.changesCount
    }
  }
}
