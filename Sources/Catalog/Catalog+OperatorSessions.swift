public import Domain
import Foundation
import GRDB

/// A session of an operator that is to begin.
public struct NewOperatorSession: Sendable {
  /// The SHA-256 of what the cookie holds.
  public let hash: [UInt8]
  public let session: OperatorSession
  public let createdAt: Timestamp

  public init(hash: [UInt8], session: OperatorSession, createdAt: Timestamp) {
    self.hash = hash
    self.session = session
    self.createdAt = createdAt
  }
}

/// Sessions of operators in browsers.
extension Catalog {
  /// Begins a session, as long as the operator's token is not revoked. Beyond `most` of that token, the oldest end.
  /// - Returns: whether it began.
  public func beginOperatorSession(_ new: NewOperatorSession, most: Int, audit: AuditEntry) async throws -> Bool {
    try await write { db in
      let id = try Int64.fetchOne(
        db, sql: "SELECT id FROM operatorToken WHERE tokenHash = ? AND revokedAt IS NULL",
        arguments: [Data(new.session.operatorHash)])
      guard let id else { return false }
      let before = try Self.toldSessions(of: id, db)
      try db.execute(
        sql: "INSERT INTO operatorSession (sessionHash, operatorId, createdAt, expiresAt) VALUES (?, ?, ?, ?)",
        arguments: [Data(new.hash), id, new.createdAt.milliseconds, new.session.expiresAt.milliseconds])
      try db.execute(
        sql: """
          DELETE FROM operatorSession WHERE operatorId = ? AND id <= (
            SELECT id FROM operatorSession WHERE operatorId = ? ORDER BY id DESC LIMIT 1 OFFSET ?)
          """, arguments: [id, id, most])
      try audit.insert(db, before: before, after: try Self.toldSessions(of: id, db))
      return true
    }
  }

  /// Ends a session; again changes nothing.
  public func endOperatorSession(hash: [UInt8], audit: AuditEntry) async throws {
    try await write { db in
      let id = try Int64.fetchOne(
        db, sql: "SELECT operatorId FROM operatorSession WHERE sessionHash = ?", arguments: [Data(hash)])
      guard let id else { return }
      let before = try Self.toldSessions(of: id, db)
      try db.execute(sql: "DELETE FROM operatorSession WHERE sessionHash = ?", arguments: [Data(hash)])
      try audit.insert(db, before: before, after: try Self.toldSessions(of: id, db))
    }
  }

  /// All sessions by the hash of what their cookie holds, expired ones too where they have not been removed.
  public func operatorSessions() async throws -> [[UInt8]: OperatorSession] {
    try await read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT sessionHash, tokenHash, operatorSession.expiresAt AS expiresAt
          FROM operatorSession JOIN operatorToken ON operatorToken.id = operatorId
          """)
      return rows.reduce(into: [:]) { sessions, row in
        sessions[row.bytes("sessionHash")] = OperatorSession(
          operatorHash: row.bytes("tokenHash"), expiresAt: row.time("expiresAt"))
      }
    }
  }

  /// Removes sessions that have expired.
  /// - Returns: whether there were any.
  public func removeExpiredOperatorSessions(at now: Timestamp) async throws -> Bool {
    let due = "SELECT 1 FROM operatorSession WHERE expiresAt <= ? LIMIT 1"
    // Mostly there is none, and then nothing is written.
    guard try await read({ try Row.fetchOne($0, sql: due, arguments: [now.milliseconds]) != nil }) else { return false }
    try await write { db in
      try db.execute(sql: "DELETE FROM operatorSession WHERE expiresAt <= ?", arguments: [now.milliseconds])
    }
    return true
  }

  /// Ends the sessions of tokens that have just been revoked, in the transaction that does it: a token of the store's folder
  /// may come back, and they must not.
  static func endSessionsOfRevokedOperators(_ db: Database) throws {
    try db.execute(
      sql: "DELETE FROM operatorSession WHERE operatorId IN (SELECT id FROM operatorToken WHERE revokedAt IS NOT NULL)")
  }

  private static func toldSessions(of id: Int64, _ db: Database) throws -> [String: String] {
    let count = try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM operatorSession WHERE operatorId = ?", arguments: [id])
    return ["sessions": String(count ?? 0)]
  }
}
