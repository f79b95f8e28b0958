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
  public func auditEntries(after: Int64?, limit: Int) async throws -> [AuditEntry] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM auditEntry WHERE id < ? ORDER BY id DESC LIMIT ?", arguments: [after ?? Int64.max, limit]
      ).map { row in
        AuditEntry(
          id: row["id"], at: row.time("at"), actor: row["actor"], action: row["action"], subject: row["subject"],
          details: row.details("details"), before: row.optionalDetails("stateBefore"),
          after: row.optionalDetails("stateAfter"))
      }
    }
  }
}
