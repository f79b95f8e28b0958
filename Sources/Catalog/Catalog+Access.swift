import GRDB

/// Who sees which thing: everything here asks the view `thingAccess`, which is the one rule.
extension Catalog {
  /// The users who may see a resource of a thing.
  static func users(whoSee key: String, of thingID: Int64, _ db: Database) throws -> Set<Int64> {
    Set(
      try Int64.fetchAll(
        db.cachedStatement(sql: "SELECT userId FROM thingAccess WHERE thingId = ? AND resource IN ('*', ?)"),
        arguments: [thingID, key]))
  }
}
