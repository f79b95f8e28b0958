public import Domain
import GRDB

/// A change of one object of a collection.
public struct ObjectChange: Sendable, Hashable {
  public enum Kind: String, Sendable { case created, updated, deleted }

  public let kind: Kind
  public let key: String
  /// The object afterwards, as JSON; nil when it was deleted.
  public let json: String?

  public init(kind: Kind, key: String, json: String?) {
    self.kind = kind
    self.key = key
    self.json = json
  }
}

/// What became of an object that was to be stored.
public enum ObjectOutcome: Sendable, Hashable {
  case made
  /// There is one with this key.
  case exists
  /// There is none with this key.
  case missing
  /// The object would be larger than is allowed.
  case tooLarge
  /// The user has as many objects as are allowed.
  case tooMany
}

/// A collection of a user.
public struct ClassCollection: Sendable, Hashable {
  public let userID: Int64
  public let name: String

  public init(userID: Int64, name: String) {
    self.userID = userID
    self.name = name
  }
}

/// The users' object store: JSON objects by their key, in collections. How many a user has stands beside the user.
///
/// `committed` is called with each change once it is on the disk, in the order of the commits, on the writer: it must not wait.
extension Catalog {
  /// Stores a new object.
  /// - Parameters:
  ///   - json: with its `_id` in it.
  ///   - most: how many objects the user may have.
  public func createObject(
    _ key: String, _ json: String, in collection: ClassCollection, most: Int, at now: Timestamp,
    committed: @escaping @Sendable (ObjectChange) -> Void
  ) async throws -> ObjectOutcome {
    try await write { db in
      let count = try Int.fetchOne(
        db, sql: "SELECT objectCount FROM appUser WHERE id = ?", arguments: [collection.userID])
      guard (count ?? 0) < most else { return .tooMany }
      try db.execute(
        sql: """
          INSERT INTO classObject (userId, collection, objectKey, body, createdAt, updatedAt) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
          ON CONFLICT (userId, collection, objectKey) DO NOTHING
          """, arguments: [collection.userID, collection.name, key, json, now.milliseconds])
      guard db.changesCount > 0 else { return .exists }
      try Self.count(1, of: collection.userID, db)
      return .made
    } committed: { outcome in
      if outcome == .made { committed(ObjectChange(kind: .created, key: key, json: json)) }
    }
  }

  /// Merges a patch (RFC 7396) into an object.
  /// - Parameter largest: the most bytes of the object afterwards.
  public func updateObject(
    _ key: String, in collection: ClassCollection, _ patch: JSONValue, largest: Int, at now: Timestamp,
    committed: @escaping @Sendable (ObjectChange) -> Void
  ) async throws -> ObjectOutcome {
    try await write { db -> (ObjectOutcome, String) in
      let row = try Row.fetchOne(
        db, sql: "SELECT body FROM classObject WHERE userId = ? AND collection = ? AND objectKey = ?",
        arguments: [collection.userID, collection.name, key])
      guard let row else { return (.missing, "") }
      let text = try jsonText(try row.json("body").merging(patch: patch))
      guard text.utf8.count <= largest else { return (.tooLarge, "") }
      try db.execute(
        sql: "UPDATE classObject SET body = ?, updatedAt = ? WHERE userId = ? AND collection = ? AND objectKey = ?",
        arguments: [text, now.milliseconds, collection.userID, collection.name, key])
      return (.made, text)
    } committed: { outcome, text in
      if outcome == .made { committed(ObjectChange(kind: .updated, key: key, json: text)) }
    }.0
  }

  /// Deletes an object, or with a key of nil all of the collection.
  /// - Returns: how many there were.
  public func deleteObjects(
    _ key: String?, in collection: ClassCollection, committed: @escaping @Sendable (ObjectChange) -> Void
  ) async throws -> Int {
    try await write { db in
      var arguments: StatementArguments = [collection.userID, collection.name]
      if let key { arguments += [key] }
      let keys = try String.fetchAll(
        db,
        sql: """
          DELETE FROM classObject WHERE userId = ? AND collection = ?\(key == nil ? "" : " AND objectKey = ?")
          RETURNING objectKey
          """, arguments: arguments)
      if !keys.isEmpty { try Self.count(-keys.count, of: collection.userID, db) }
      return keys
    } committed: { keys in
      for key in keys { committed(ObjectChange(kind: .deleted, key: key, json: nil)) }
    }.count
  }

  private static func count(_ change: Int, of userID: Int64, _ db: Database) throws {
    try db.execute(sql: "UPDATE appUser SET objectCount = objectCount + ? WHERE id = ?", arguments: [change, userID])
  }

  /// An object as JSON.
  public func object(_ key: String, in collection: ClassCollection) async throws -> String? {
    try await read { db in
      try String.fetchOne(
        db, sql: "SELECT body FROM classObject WHERE userId = ? AND collection = ? AND objectKey = ?",
        arguments: [collection.userID, collection.name, key])
    }
  }

  /// Objects as JSON, by their key, last first.
  /// - Parameters:
  ///   - before: only those with lesser keys, byte by byte.
  ///   - limit: nil for all.
  ///   - largest: the most bytes of all together.
  /// - Returns: nil when they have more.
  public func objects(
    in collection: ClassCollection, before: String?, limit: Int?, largest: Int
  ) async throws -> [String]? {
    try await read { db in
      var arguments: StatementArguments = [collection.userID, collection.name]
      if let before { arguments += [before] }
      arguments += [limit ?? -1]
      let rows = try String.fetchCursor(
        db,
        sql: """
          SELECT body FROM classObject WHERE userId = ? AND collection = ?\(before == nil ? "" : " AND objectKey < ?")
          ORDER BY objectKey DESC LIMIT ?
          """, arguments: arguments)
      var objects: [String] = []
      var bytes = 0
      while let object = try rows.next() {
        bytes += object.utf8.count
        guard bytes <= largest else { return nil }
        objects.append(object)
      }
      return objects
    }
  }
}
