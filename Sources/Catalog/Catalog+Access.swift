public import Domain
import GRDB

/// A resource of a thing that a user sees.
public struct SeenResource: Sendable, Hashable {
  public let thingID: Int64
  public let owns: Bool
}

/// Who sees which thing: every question here goes to the view `thingAccess`, which is the one rule.
extension Catalog {
  /// The things that a user sees, by their ids.
  public func thingsSeen(by userID: Int64) async throws -> [SeenThing] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT thing.id, thing.publicId, thing.modelId, MAX(access.owns) AS owns
          FROM thingAccess AS access JOIN thing ON thing.id = access.thingId
          WHERE access.userId = ? GROUP BY thing.id ORDER BY thing.publicId
          """, arguments: [userID]
      ).map { SeenThing(thingID: $0["id"], publicID: $0["publicId"], modelID: $0["modelId"], owns: $0["owns"]) }
    }
  }

  /// One thing, as far as a user sees this resource of it; nil where they do not, or there is no such thing.
  /// - Parameter key: nil for any resource.
  public func seen(_ publicID: String, _ key: String?, by userID: Int64) async throws -> SeenResource? {
    try await read { db in try Self.seen(publicID, key, by: userID, db) }
  }

  private static func seen(_ publicID: String, _ key: String?, by userID: Int64, _ db: Database) throws -> SeenResource? {
    // The thing's row id comes first: with a join, the view would find all things of the user for it.
    try Int64.fetchOne(db, sql: "SELECT id FROM thing WHERE publicId = ?", arguments: [publicID])
      .flatMap { try seen($0, key, by: userID, db) }
  }

  static func seen(_ thingID: Int64, _ key: String?, by userID: Int64, _ db: Database) throws -> SeenResource? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT MAX(owns) AS owns FROM thingAccess
        WHERE thingId = ?1 AND userId = ?2 AND (?3 IS NULL OR resource = '*' OR resource = ?3) HAVING COUNT(*) > 0
        """)
    return try Row.fetchOne(statement, arguments: [thingID, userID, key])
      .map { SeenResource(thingID: thingID, owns: $0["owns"]) }
  }

  /// The newest values of a resource of one thing, as far as a user sees it.
  /// - Parameter largest: the most bytes of all together.
  /// - Returns: nil where they do not see it, or there is no such thing; `values` is nil where it was never written.
  /// - Throws: `tooLarge`.
  public func valuesSeen(
    of key: String, ofThing publicID: String, in range: ValueRange, largest: Int, by userID: Int64
  ) async throws -> (thing: SeenResource, values: [StoredValue]?)? {
    try await read { db in
      guard let seen = try Self.seen(publicID, key, by: userID, db) else { return nil }
      return (seen, try Self.values(of: key, thingID: seen.thingID, in: range, largest: largest, db))
    }
  }

  /// The names of the resources that a user sees, each with the things that have it; magic ones left out.
  public func resourcesSeen(by userID: Int64) async throws -> [(name: String, things: [String])] {
    try await read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT DISTINCT resource.key, thing.publicId FROM thingAccess AS access
          JOIN currentResource AS resource ON resource.thingId = access.thingId
            AND (access.resource = '*' OR access.resource = resource.key)
          JOIN thing ON thing.id = access.thingId
          WHERE access.userId = ? AND resource.key NOT LIKE '$%'
          ORDER BY resource.key, thing.publicId
          """, arguments: [userID])
      var resources: [(name: String, things: [String])] = []
      for row in rows {
        let name: String = row["key"]
        if resources.last?.name != name { resources.append((name, [])) }
        resources[resources.count - 1].things.append(row["publicId"])
      }
      return resources
    }
  }

  /// The newest values of a resource of every thing that a user sees it of, by the thing's id; without those that have none.
  /// - Parameter largest: the most bytes of all together.
  /// - Throws: `tooLarge`.
  public func valuesSeen(
    of key: String, in range: ValueRange, largest: Int, by userID: Int64
  ) async throws -> [(thing: String, values: [StoredValue])] {
    try await read { db in
      var room = ByteRoom(largest)
      return try Row.fetchAll(
        db,
        sql: """
          SELECT thing.publicId, resource.id FROM thingAccess AS access
          JOIN currentResource AS resource ON resource.thingId = access.thingId AND resource.key = ?2
          JOIN thing ON thing.id = access.thingId
          WHERE access.userId = ?1 AND (access.resource = '*' OR access.resource = ?2)
          GROUP BY resource.id ORDER BY thing.publicId
          """, arguments: [userID, key]
      ).compactMap { row in
        let values = try Self.values(of: key, row["id"], range, &room, db)
        return values.isEmpty ? nil : (thing: row["publicId"], values: values)
      }
    }
  }

  /// The users who may see a resource of a thing, and with it what was written at the same time to the resource of `writtenTo`:
  /// none once that is archived, since the thing is another owner's then.
  static func users(whoSee key: String, of thingID: Int64, writtenTo: Int64?, _ db: Database) throws -> Set<Int64> {
    let statement = try db.cachedStatement(
      sql: """
        SELECT userId FROM thingAccess WHERE thingId = ?1 AND resource IN ('*', ?2)
          AND EXISTS (SELECT 1 FROM currentResource WHERE id = ?3)
        """)
    return Set(try Int64.fetchAll(statement, arguments: [thingID, ResourceKey.granted(key), writtenTo]))
  }
}
