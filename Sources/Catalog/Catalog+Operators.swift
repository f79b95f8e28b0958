public import Domain
import Foundation
import GRDB

extension AuditEntry {
  func insert(_ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO auditEntry (at, actor, action, subject, details) VALUES (?, ?, ?, ?, ?)",
      arguments: [at.milliseconds, actor, action, subject, try jsonText(details)])
  }
}

/// Operators' tokens and what operators did.
extension Catalog {
  /// Makes a token the one of its operator: any other of that name ends.
  public func addOperatorToken(hash: [UInt8], name: String, at now: Timestamp) async throws {
    try await write { db in
      try db.execute(
        sql: """
          INSERT INTO operatorToken (tokenHash, name, createdAt) VALUES (?, ?, ?)
          ON CONFLICT (tokenHash) DO UPDATE SET revokedAt = NULL
          """, arguments: [Data(hash), name, now.milliseconds])
      try db.execute(
        sql: "UPDATE operatorToken SET revokedAt = ? WHERE name = ? AND tokenHash <> ? AND revokedAt IS NULL",
        arguments: [now.milliseconds, name, Data(hash)])
    }
  }

  /// The name of each operator by the hash of the token, revoked ones left out.
  public func operators() async throws -> [[UInt8]: String] {
    try await read { db in
      var names: [[UInt8]: String] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT tokenHash, name FROM operatorToken WHERE revokedAt IS NULL") {
        names[row.bytes("tokenHash")] = row["name"]
      }
      return names
    }
  }

  public func append(_ entry: AuditEntry) async throws { try await write { try entry.insert($0) } }

  /// What operators did, newest first.
  public func auditEntries(after: Int64?, limit: Int) async throws -> [AuditEntry] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM auditEntry WHERE id < ? ORDER BY id DESC LIMIT ?", arguments: [after ?? Int64.max, limit]
      ).map { row in
        AuditEntry(
          id: row["id"], at: row.time("at"), actor: row["actor"], action: row["action"], subject: row["subject"],
          details: row.details("details"))
      }
    }
  }
}
