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

  static func insert(_ value: StoredValue, of thingID: Int64, _ db: Database) throws {
    try db.cachedStatement(sql: "INSERT INTO resourceValue (thingId, key, value, datetime) VALUES (?, ?, ?, ?)").execute(
      arguments: [thingID, value.key, try jsonText(value.value), value.datetime.milliseconds])
  }
}
