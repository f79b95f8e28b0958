public import Domain
import GRDB

/// Old values go: a few resources at a time, so that writes come in between.
extension Catalog {
  public func setRetention(_ retention: Retention, of modelID: Int64, audit: AuditEntry) async throws {
    try await write { db in
      try db.execute(
        sql: "UPDATE model SET keptValues = ?, keptSeconds = ? WHERE id = ?",
        arguments: [retention.values, retention.seconds, modelID])
      try audit.insert(db)
    }
  }

  /// The resources after `last`, in the order of their row ids, of models with a retention.
  public func resourcesToTrim(after last: Int64, limit: Int) async throws -> [(resourceID: Int64, modelID: Int64)] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT resource.id, thing.modelId FROM resource JOIN thing ON thing.id = resource.thingId
          JOIN model ON model.id = thing.modelId
          WHERE resource.id > ? AND (keptValues IS NOT NULL OR keptSeconds IS NOT NULL) AND key NOT LIKE '$%'
          ORDER BY resource.id LIMIT ?
          """, arguments: [last, limit]
      ).map { (resourceID: $0["id"], modelID: $0["modelId"]) }
    }
  }

  /// Deletes what a retention does not keep, `most` values of each resource at a time.
  /// - Returns: how many were deleted, and the resources that have more.
  public func trim(
    _ resources: [(resourceID: Int64, retention: Retention)], at now: Timestamp, most: Int
  ) async throws -> (deleted: Int, unfinished: [Int64]) {
    try await write { db in
      var deleted = 0
      var unfinished: [Int64] = []
      for (resourceID, retention) in resources {
        var gone = 0
        if let seconds = retention.seconds {
          gone += try Self.deleteValues(of: resourceID, before: now.adding(seconds: -seconds), most: most, db)
        }
        if let values = retention.values { gone += try Self.trim(resourceID, to: values, most: most, db) }
        deleted += gone
        if gone >= most { unfinished.append(resourceID) }
      }
      return (deleted, unfinished)
    }
  }

  private static func deleteValues(
    of resourceID: Int64, before moment: Timestamp, most: Int, _ db: Database
  ) throws -> Int {
    // The rows go from the oldest on, and the newest value of a resource stays: it says how the thing is.
    try db.cachedStatement(
      sql: """
        DELETE FROM resourceValue WHERE resourceId = ?1 AND (datetime, arrival) IN (
          SELECT datetime, arrival FROM resourceValue WHERE resourceId = ?1 AND datetime < ?2
            AND datetime < (SELECT MAX(datetime) FROM resourceValue WHERE resourceId = ?1)
          ORDER BY datetime, arrival LIMIT ?3)
        """
    ).execute(arguments: [resourceID, moment.milliseconds, most])
    return db.changesCount
  }

  /// Keeps the newest so many values of a resource.
  @discardableResult
  static func trim(_ resourceID: Int64, to kept: Int, most: Int = .max, _ db: Database) throws -> Int {
    try db.cachedStatement(
      sql: """
        DELETE FROM resourceValue WHERE resourceId = ?1 AND (datetime, arrival) IN (
          SELECT datetime, arrival FROM resourceValue WHERE resourceId = ?1
          ORDER BY datetime DESC, arrival DESC LIMIT ?3 OFFSET ?2)
        """
    ).execute(arguments: [resourceID, kept, most])
    return db.changesCount
  }
}
