public import Domain
import GRDB

extension AuditEntry {
  func insert(_ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO auditEntry (at, actor, action, subject, details, stateBefore, stateAfter) VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        at.milliseconds, actor, action, subject, try jsonText(details), try before.map(jsonText), try after.map(jsonText),
      ])
  }

  /// The same with what was before and what is after, as the transaction of the deed itself has found it.
  func insert(_ db: Database, before: [String: String]?, after: [String: String]?) throws {
    var entry = self
    entry.before = before
    entry.after = after
    try entry.insert(db)
  }
}

/// What operators did.
extension Catalog {
  public func append(_ entry: AuditEntry) async throws { try await write { try entry.insert($0) } }

  /// What operators did, newest first.
  /// - Parameter after: the row id of the last entry of the page before.
  public func auditEntries(
    where filter: AuditFilter = AuditFilter(), after: Int64?, limit: Int
  ) async throws -> [AuditEntry] {
    // Only what is asked stands in the statement, so that each has its index.
    var conditions = ["id < :after"]
    var arguments: StatementArguments = ["after": after ?? Int64.max, "limit": limit]
    for (column, text) in [("subject", filter.subject), ("actor", filter.actor), ("action", filter.action)] {
      guard let text else { continue }
      conditions.append("\(column) = :\(column)")
      arguments += [column: text]
    }
    let (condition, values) = (conditions.joined(separator: " AND "), arguments)
    return try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM auditEntry WHERE \(condition) ORDER BY id DESC LIMIT :limit", arguments: values
      ).map { row in
        AuditEntry(
          id: row["id"], at: row.time("at"), actor: row["actor"], action: row["action"], subject: row["subject"],
          details: row.details("details"), before: row.optionalDetails("stateBefore"),
          after: row.optionalDetails("stateAfter"))
      }
    }
  }
}
