import Domain
import Foundation
import GRDB

/// Values of resources: what things write and read.
extension Catalog {
  /// The newest values of a resource, newest first.
  public func values(of key: String, thingID: Int64, limit: Int) async throws -> [StoredValue] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT value, datetime FROM resourceValue WHERE thingId = ? AND key = ? ORDER BY datetime DESC, id DESC LIMIT ?
          """, arguments: [thingID, key, limit]
      ).map { row in
        let text: String = row["value"]
        return StoredValue(
          key: key, value: try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)), datetime: row.time("datetime"))
      }
    }
  }

  /// The values of a magic resource that are kept for a thing: those before were news once.
  private static let keptMagicValues = 100

  static func insert(_ value: StoredValue, of thingID: Int64, _ db: Database) throws {
    try db.cachedStatement(sql: "INSERT INTO resourceValue (thingId, key, value, datetime) VALUES (?, ?, ?, ?)").execute(
      arguments: [thingID, value.key, try jsonText(value.value), value.datetime.milliseconds])
    guard value.key.hasPrefix("$") else { return }
    try db.cachedStatement(
      sql: """
        DELETE FROM resourceValue WHERE thingId = ?1 AND key = ?2 AND id <= (
          SELECT id FROM resourceValue WHERE thingId = ?1 AND key = ?2 ORDER BY datetime DESC, id DESC LIMIT 1 OFFSET ?3)
        """
    ).execute(arguments: [thingID, value.key, keptMagicValues])
  }
}
