public import Domain
import Foundation
import GRDB

/// What became of the wish to revoke a token.
public enum Revocation: Sendable {
  case revoked(Operator)
  /// It is the last administrator for all models whose token does not expire.
  case isLast
  case unknown
}

/// Operators and their tokens.
extension Catalog {
  /// Makes the token of the store's folder the one of its operator, an administrator: any other from there of that name ends.
  /// - Returns: whether it works: one that a person revoked does not come back.
  public func addOperatorToken(hash: [UInt8], name: String, at now: Timestamp) async throws -> Bool {
    try await write { db in
      try db.execute(
        sql: """
          INSERT INTO operatorToken (tokenHash, name, role, fromFile, createdAt) VALUES (?, ?, 'administrator', 1, ?)
          ON CONFLICT (tokenHash) DO UPDATE SET revokedAt = NULL WHERE revokedBy IS NULL
          """, arguments: [Data(hash), name, now.milliseconds])
      try db.execute(
        sql: """
          UPDATE operatorToken SET revokedAt = ?
          WHERE name = ? AND tokenHash <> ? AND revokedAt IS NULL AND fromFile = 1
          """, arguments: [now.milliseconds, name, Data(hash)])
      try Self.endSessionsOfRevokedOperators(db)
      let works = try Bool.fetchOne(
        db, sql: "SELECT revokedAt IS NULL FROM operatorToken WHERE tokenHash = ?", arguments: [Data(hash)])
      return works ?? false
    }
  }

  /// Makes an operator with a token.
  /// - Throws: `exists` where the store's own operator has the name.
  public func createOperator(
    hash: [UInt8], name: String, role: OperatorRole, scope: ModelScope, expiresAt: Timestamp?, at now: Timestamp,
    audit: AuditEntry
  ) async throws -> Operator {
    try await write { db in
      let isTaken = try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM operatorToken WHERE name = ? AND fromFile = 1)", arguments: [name])
      guard isTaken != true else {
        throw CatalogError(.exists, "\(name) is the operator whose token lies in the store: choose another name")
      }
      try db.execute(
        sql: """
          INSERT INTO operatorToken (tokenHash, name, role, models, fromFile, createdAt, expiresAt)
          VALUES (?, ?, ?, ?, 0, ?, ?)
          """,
        arguments: [
          Data(hash), name, role.rawValue, try scope.names.map { try jsonText($0.sorted()) }, now.milliseconds,
          expiresAt?.milliseconds,
        ])
      let made = try Self.operatorOfToken(db.lastInsertedRowID, db)
      guard let made else { throw CatalogError(.missing, "the operator is gone") }
      try audit.insert(db, before: nil, after: Self.told(made))
      return made
    }
  }

  /// Revokes a token; again changes nothing.
  public func revokeOperator(_ id: Int64, by actor: String, at now: Timestamp, audit: AuditEntry) async throws -> Revocation {
    try await write { db in
      guard let known = try Self.operatorOfToken(id, db) else { return .unknown }
      guard known.revokedAt == nil else { return .revoked(known) }
      let others = try Int.fetchOne(
        db,
        sql: """
          SELECT COUNT(*) FROM operatorToken WHERE id <> ? AND role = 'administrator' AND models IS NULL
            AND expiresAt IS NULL AND revokedAt IS NULL
          """, arguments: [id])
      let isLasting = known.role == .administrator && known.scope == .all && known.expiresAt == nil
      guard !isLasting || others ?? 0 > 0 else { return .isLast }
      try db.execute(
        sql: "UPDATE operatorToken SET revokedAt = ?, revokedBy = ? WHERE id = ?",
        arguments: [now.milliseconds, actor, id])
      try Self.endSessionsOfRevokedOperators(db)
      guard let revoked = try Self.operatorOfToken(id, db) else { return .unknown }
      try audit.insert(db, before: Self.told(known), after: Self.told(revoked))
      return .revoked(revoked)
    }
  }

  /// The operator of each token by the token's hash, revoked and expired ones too.
  public func operators() async throws -> [[UInt8]: Operator] {
    try await read { db in
      var operators: [[UInt8]: Operator] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT * FROM operatorToken") {
        operators[row.bytes("tokenHash")] = try Self.operatorOfToken(row)
      }
      return operators
    }
  }

  /// Operators, newest first, revoked and expired ones too.
  /// - Parameter after: the row id of the last one of the page before.
  public func operators(after: Int64?, limit: Int) async throws -> [Operator] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM operatorToken WHERE id < ? ORDER BY id DESC LIMIT ?", arguments: [after ?? Int64.max, limit]
      ).map(Self.operatorOfToken)
    }
  }

  public func `operator`(_ id: Int64) async throws -> Operator? { try await read { try Self.operatorOfToken(id, $0) } }

  private static func told(_ person: Operator) -> [String: String] {
    [
      "name": person.name, "role": person.role.rawValue, "models": person.models?.joined(separator: ", ") ?? "all",
      "expiresAt": person.expiresAt?.iso8601 ?? "never", "revoked": String(person.revokedAt != nil),
    ]
  }

  private static func operatorOfToken(_ id: Int64, _ db: Database) throws -> Operator? {
    try Row.fetchOne(db, sql: "SELECT * FROM operatorToken WHERE id = ?", arguments: [id]).map(operatorOfToken)
  }

  private static func operatorOfToken(_ row: Row) throws -> Operator {
    // A list of models that cannot be read must not become all of them.
    let models: [String]? = (row["models"] as String?).map { _ in row.texts("models") }
    return Operator(
      id: row["id"], name: row["name"], role: try row.known("role"), scope: ModelScope(models),
      createdAt: row.time("createdAt"), expiresAt: row.optionalTime("expiresAt"), revokedAt: row.optionalTime("revokedAt"))
  }
}
