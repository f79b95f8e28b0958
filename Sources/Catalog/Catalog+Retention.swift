public import Domain
import GRDB

/// Old values go: a few resources at a time, so that writes come in between.
extension Catalog {
  public func setRetention(_ retention: Retention, of modelID: Int64, audit: AuditEntry) async throws {
    try await write { db in
      guard let row = try Row.fetchOne(db, sql: "SELECT keptValues, keptSeconds FROM model WHERE id = ?", arguments: [modelID])
      else { throw CatalogError(.missing, "the model is gone") }
      let before = Retention(values: row["keptValues"], seconds: row["keptSeconds"])
      try db.execute(
        sql: "UPDATE model SET keptValues = ?, keptSeconds = ? WHERE id = ?",
        arguments: [retention.values, retention.seconds, modelID])
      try audit.insert(db, before: Self.told(before), after: Self.told(retention))
    }
  }

  private static func told(_ retention: Retention) -> [String: String] {
    ["values": retention.values.map(String.init) ?? "all", "seconds": retention.seconds.map(String.init) ?? "all"]
  }

  /// The resources after `last`, in the order of their row ids, of models with a retention; archived ones too.
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

  /// What their retention does not keep of these resources; without those of which it keeps all. Found by a reader: the writer
  /// has better things to do than to look.
  public func overdueValues(
    _ resources: [(resourceID: Int64, retention: Retention)], at now: Timestamp
  ) async throws -> [OverdueValues] {
    try await read { db in
      try resources.compactMap { resourceID, retention in
        let tooMany = try retention.values.flatMap { try Self.newest(of: resourceID, behind: $0, db) }
        let tooOld = try retention.seconds.flatMap { try Self.newest(of: resourceID, before: now.adding(seconds: -$0), db) }
        return [tooMany, tooOld].compactMap { $0 }.max { ($0.datetime, $0.arrival) < ($1.datetime, $1.arrival) }
      }
    }
  }

  private static func newest(of resourceID: Int64, behind kept: Int, _ db: Database) throws -> OverdueValues? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT datetime, arrival FROM resourceValue WHERE resourceId = ?
        ORDER BY datetime DESC, arrival DESC LIMIT 1 OFFSET ?
        """)
    return try Row.fetchOne(statement, arguments: [resourceID, kept]).map { OverdueValues(resourceID, $0) }
  }

  /// The newest value of a resource stays: it says how the thing is.
  private static func newest(of resourceID: Int64, before moment: Timestamp, _ db: Database) throws -> OverdueValues? {
    let statement = try db.cachedStatement(
      sql: """
        SELECT datetime, arrival FROM resourceValue WHERE resourceId = ?1 AND datetime < ?2
          AND datetime < (SELECT MAX(datetime) FROM resourceValue WHERE resourceId = ?1)
        ORDER BY datetime DESC, arrival DESC LIMIT 1
        """)
    return try Row.fetchOne(statement, arguments: [resourceID, moment.milliseconds]).map { OverdueValues(resourceID, $0) }
  }

  /// Deletes values that a retention does not keep, from the oldest on, `most` of each resource at a time.
  /// - Returns: how many were deleted, and what may have more.
  public func delete(_ overdue: [OverdueValues], most: Int) async throws -> (deleted: Int, unfinished: [OverdueValues]) {
    try await write { db in
      var deleted = 0
      var unfinished: [OverdueValues] = []
      for values in overdue {
        try db.cachedStatement(
          sql: """
            DELETE FROM resourceValue WHERE resourceId = ?1 AND (datetime, arrival) IN (
              SELECT datetime, arrival FROM resourceValue WHERE resourceId = ?1 AND (datetime, arrival) <= (?2, ?3)
              ORDER BY datetime, arrival LIMIT ?4)
            """
        ).execute(arguments: [values.resourceID, values.datetime, values.arrival, most])
        deleted += db.changesCount
        if db.changesCount >= most { unfinished.append(values) }
      }
      return (deleted, unfinished)
    }
  }

  /// Keeps the newest so many values of a resource.
  static func trim(_ resourceID: Int64, to kept: Int, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        DELETE FROM resourceValue WHERE resourceId = ?1 AND (datetime, arrival) IN (
          SELECT datetime, arrival FROM resourceValue WHERE resourceId = ?1
          ORDER BY datetime DESC, arrival DESC LIMIT ?3 OFFSET ?2)
        """
    ).execute(arguments: [resourceID, kept, Int.max])
  }
}

/// Values of a resource that are to go: this one and all before it.
public struct OverdueValues: Sendable {
  let resourceID: Int64
  let datetime: Int64
  let arrival: Int64

  init(_ resourceID: Int64, _ newest: Row) {
    self.resourceID = resourceID
    datetime = newest["datetime"]
    arrival = newest["arrival"]
  }
}
