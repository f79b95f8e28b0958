public import Domain
import GRDB

/// Apps, made by operators, or by the first user who registers in one.
extension Catalog {
  /// Makes an app, or declares one that a client's request made.
  /// - Returns: the app, and whether it was not declared before.
  public func declareApp(_ name: String, at now: Timestamp, audit: AuditEntry) async throws -> (app: App, isNew: Bool) {
    try await write { db in
      let before = try Self.app(named: name, db)
      try db.execute(
        sql: """
          INSERT INTO app (name, createdAt, declaredAt) VALUES (?1, ?2, ?2)
          ON CONFLICT (name) DO UPDATE SET declaredAt = excluded.declaredAt WHERE declaredAt IS NULL
          """, arguments: [name, now.milliseconds])
      let isNew = db.changesCount > 0
      if isNew { try audit.insert(db, before: before.map { _ in ["created": "false"] }, after: ["created": "true"]) }
      guard let app = try Self.app(named: name, db) else { throw CatalogError(.missing, "the app is gone") }
      return (app, isNew)
    }
  }

  /// Whether an operator has created any app.
  public func hasDeclaredApps() async throws -> Bool {
    try await read { try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM app WHERE declaredAt IS NOT NULL)") ?? false }
  }

  /// Apps, newest first.
  /// - Parameter after: the row id of the last app of the page before.
  public func apps(after: Int64?, limit: Int) async throws -> [App] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM app WHERE id < ? ORDER BY id DESC LIMIT ?", arguments: [after ?? Int64.max, limit]
      ).map(Self.app)
    }
  }

  static func app(named name: String, _ db: Database) throws -> App? {
    try Row.fetchOne(db, sql: "SELECT * FROM app WHERE name = ?", arguments: [name]).map(Self.app)
  }

  private static func app(_ row: Row) -> App {
    App(id: row["id"], name: row["name"], createdAt: row.time("createdAt"), declaredAt: row.optionalTime("declaredAt"))
  }
}
