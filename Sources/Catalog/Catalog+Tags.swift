public import Domain
import GRDB

extension Catalog {
  /// Puts tags on a thing; one that is there already stays as it is.
  /// - Parameter most: how many a thing may have.
  /// - Returns: the tags of these names, in their order.
  /// - Throws: `full` when there would be more.
  public func addTags(_ tags: [Tag], to thingID: Int64, most: Int, at now: Timestamp) async throws -> [Tag] {
    try await write { db in
      for tag in tags {
        try db.execute(
          sql: """
            INSERT INTO tag (publicId, thingId, name, createdAt) VALUES (?, ?, ?, ?) ON CONFLICT (thingId, name) DO NOTHING
            """, arguments: [tag.publicID, thingID, tag.name, now.milliseconds])
      }
      let all = try Self.tags(of: thingID, db)
      guard all.count <= most else { throw CatalogError(.full, "a thing has \(most) tags at most") }
      return tags.compactMap { tag in all.first { $0.name == tag.name } }
    }
  }

  /// The tags of a thing, by name.
  public func tags(of thingID: Int64) async throws -> [Tag] { try await read { try Self.tags(of: thingID, $0) } }

  /// Takes a tag off, by its id, else by its name.
  /// - Returns: whether it was there.
  public func removeTag(_ idOrName: String, of thingID: Int64) async throws -> Bool {
    try await write { db in
      try db.execute(sql: "DELETE FROM tag WHERE thingId = ? AND publicId = ?", arguments: [thingID, idOrName])
      if db.changesCount > 0 { return true }
      try db.execute(sql: "DELETE FROM tag WHERE thingId = ? AND name = ?", arguments: [thingID, idOrName])
      return db.changesCount > 0
    }
  }

  private static func tags(of thingID: Int64, _ db: Database) throws -> [Tag] {
    try Row.fetchAll(db, sql: "SELECT publicId, name FROM tag WHERE thingId = ? ORDER BY name", arguments: [thingID]).map {
      Tag(publicID: $0["publicId"], name: $0["name"])
    }
  }
}
