public import Domain
import Foundation
import GRDB

/// Values of resources: what things and apps write and read.
extension Catalog {
  /// Writes values, in one transaction with whatever else waits.
  public func record(_ changes: [StandingChange] = [], _ batch: ResourceBatch) -> PendingCommit {
    let pending = PendingCommit()
    enqueue(
      { [arrivals, failures] db in
        if let owner = batch.owner, try Self.seen(batch.thingID, nil, by: owner, db)?.owns != true {
          throw CatalogError(.notOwner, "the thing is not the user's any more")
        }
        let halted = try failures.record(changes, db)
        return (try Self.apply(batch, arrivals, db), halted)
      },
      done: { [failures] outcome, db in
        if case .success(let (resourceID, halted)) = outcome {
          failures.tell(halted)
          // What was written stays written, whether or not anybody can be told.
          batch.committed { key in (try? Self.users(whoSee: key, of: batch.thingID, writtenTo: resourceID, db)) ?? [] }
        }
        pending.finish(outcome.map { _ in })
      })
    return pending
  }

  /// The newest values of a resource, newest first; nil when it was never written.
  /// - Parameter largest: the most bytes of all together.
  /// - Throws: `tooLarge`.
  public func values(
    of key: String, thingID: Int64, in range: ValueRange, largest: Int
  ) async throws -> [StoredValue]? {
    try await read { db in try Self.values(of: key, thingID: thingID, in: range, largest: largest, db) }
  }

  static func values(
    of key: String, thingID: Int64, in range: ValueRange, largest: Int, _ db: Database
  ) throws -> [StoredValue]? {
    guard let resourceID = try resourceID(of: key, thingID, db) else { return nil }
    var room = ByteRoom(largest)
    return try values(of: key, resourceID, range, &room, db)
  }

  /// The newest values of every resource of a thing, by key.
  /// - Parameter largest: the most bytes of all together.
  /// - Throws: `tooLarge`.
  public func allValues(of thingID: Int64, in range: ValueRange, largest: Int) async throws -> [ResourceValues] {
    try await read { db in
      var room = ByteRoom(largest)
      return try Row.fetchAll(
        db, sql: "SELECT id, key FROM currentResource WHERE thingId = ? AND key NOT LIKE '$%' ORDER BY key",
        arguments: [thingID]
      ).map { row in
        let key: String = row["key"]
        return ResourceValues(key: key, values: try Self.values(of: key, row["id"], range, &room, db))
      }
    }
  }

  /// The keys that a thing's resources have, sorted; magic ones left out.
  public func resourceKeys(of thingID: Int64) async throws -> [String] {
    try await read { db in
      try String.fetchAll(
        db, sql: "SELECT key FROM currentResource WHERE thingId = ? AND key NOT LIKE '$%' ORDER BY key", arguments: [thingID])
    }
  }

  static func resourceID(of key: String, _ thingID: Int64, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT id FROM currentResource WHERE thingId = ? AND key = ?"), arguments: [thingID, key])
  }

  static func values(
    of key: String, _ resourceID: Int64, _ range: ValueRange, _ room: inout ByteRoom, _ db: Database
  ) throws -> [StoredValue] {
    let statement = try db.cachedStatement(
      sql: """
        SELECT datetime, value, geo FROM resourceValue WHERE resourceId = ? AND datetime >= ? AND datetime < ?
        ORDER BY datetime DESC, arrival DESC LIMIT ?
        """)
    let arguments: StatementArguments = [
      resourceID, range.start.milliseconds, range.end.milliseconds, range.limit,
    ]
    let rows = try Row.fetchCursor(statement, arguments: arguments)
    var values: [StoredValue] = []
    while let row = try rows.next() {
      let value = StoredValue(key: key, value: row["value"], datetime: row.time("datetime"), geo: row["geo"])
      try room.take(value)
      values.append(value)
    }
    return values
  }

  // MARK: Writing

  /// The values of a magic resource that are kept for a thing: those before were news once.
  private static let keptMagicValues = 100

  /// - Returns: one of the resources that were written.
  private static func apply(_ batch: ResourceBatch, _ arrivals: ArrivalStamps, _ db: Database) throws -> Int64? {
    var written: Int64?
    for change in batch.changes {
      switch change {
      case .append(let value): written = try insert(value, of: batch.thingID, arrival: arrivals.next(at: batch.arrivedAt), db)
      case .replace(let value):
        written = try insert(value, of: batch.thingID, arrival: arrivals.next(at: batch.arrivedAt), isNewest: true, db)
      case .merge(let key, let patches, let datetime, let largest):
        var document = try document(key, of: batch.thingID, db)
        for patch in patches { document.merge(patch: patch) }
        let text = document.json
        guard text.utf8.count <= largest else {
          throw CatalogError(.tooLarge, "\(key) would have more than \(largest) bytes")
        }
        written = try insert(
          StoredValue(key: key, value: text, datetime: datetime), of: batch.thingID,
          arrival: arrivals.next(at: batch.arrivedAt), isNewest: true, db)
      case .allowLink(let until):
        try db.cachedStatement(sql: "UPDATE thing SET linkAllowedUntil = ? WHERE id = ?").execute(
          arguments: [until?.milliseconds, batch.thingID])
      }
    }
    return written
  }

  /// The newest value as JSON; null when there is none.
  static func document(_ key: String, of thingID: Int64, _ db: Database) throws -> JSONValue {
    let newest = try values(of: key, thingID: thingID, in: ValueRange(), largest: .max, db)?.first
    guard let newest else { return .null }
    return try JSONValue(parsing: newest.value)
  }

  /// - Parameter isNewest: whether no other value comes after it, though its time be later.
  /// - Returns: the resource.
  private static func insert(
    _ value: StoredValue, of thingID: Int64, arrival: Int64, isNewest: Bool = false, _ db: Database
  ) throws -> Int64 {
    let resourceID = try resourceID(of: value.key, thingID, db) ?? insertResource(value.key, thingID, db)
    var datetime = value.datetime.milliseconds
    if isNewest, let latest = try latestTime(of: resourceID, db) { datetime = max(datetime, latest) }
    // A clock that was set back may give a stamp a second time; the place of a value must be its own.
    try db.cachedStatement(
      sql: """
        INSERT INTO resourceValue (resourceId, datetime, arrival, value, geo) VALUES (?1, ?2, COALESCE(
          (SELECT MAX(arrival) + 1 FROM resourceValue WHERE resourceId = ?1 AND datetime = ?2 AND arrival >= ?3), ?3), ?4, ?5)
        """
    ).execute(arguments: [resourceID, datetime, arrival, value.value, value.geo])
    if value.key.hasPrefix("$") { try trim(resourceID, to: keptMagicValues, db) }
    return resourceID
  }

  private static func latestTime(of resourceID: Int64, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT MAX(datetime) FROM resourceValue WHERE resourceId = ?"), arguments: [resourceID])
  }

  private static func insertResource(_ key: String, _ thingID: Int64, _ db: Database) throws -> Int64 {
    try db.cachedStatement(sql: "INSERT INTO resource (thingId, key) VALUES (?, ?)").execute(arguments: [thingID, key])
    return db.lastInsertedRowID
  }
}
