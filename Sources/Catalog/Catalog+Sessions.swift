public import Domain
import Foundation
import GRDB

/// A session and whose it is.
public struct StoredSession: Sendable {
  public let user: AppUser
  public let expiresAt: Timestamp
}

/// Sessions of users: found by the SHA-256 of their token.
extension Catalog {
  /// Begins a session, as long as the password that was checked is still the user's.
  /// - Returns: whether it began.
  public func beginSession(
    _ session: NewSession, of userID: Int64, passwordHash: String, at now: Timestamp
  ) async throws -> Bool {
    try await write { db in
      let known = try String.fetchOne(db, sql: "SELECT passwordHash FROM appUser WHERE id = ?", arguments: [userID])
      guard known == passwordHash else { return false }
      try Self.insert(session, of: userID, at: now, db)
      return true
    }
  }

  /// A session that has not expired.
  public func session(hash: [UInt8], at now: Timestamp) async throws -> StoredSession? {
    try await read { db in
      let row = try Row.fetchOne(
        db, sql: "SELECT userId, expiresAt FROM appSession WHERE tokenHash = ? AND expiresAt > ?",
        arguments: [Data(hash), now.milliseconds])
      guard let row, let user = try Self.user(id: row["userId"], db) else { return nil }
      return StoredSession(user: user, expiresAt: row.time("expiresAt"))
    }
  }

  /// Ends all sessions of a user.
  /// - Returns: their hashes.
  public func endSessions(of userID: Int64, audit: AuditEntry) async throws -> [[UInt8]] {
    try await write { db in
      let ended = try Self.endSessions(of: userID, except: nil, db)
      try audit.insert(db, before: ["sessions": String(ended.count)], after: ["sessions": "0"])
      return ended
    }
  }

  /// Removes sessions that have expired, a thousand at most.
  /// - Returns: their hashes.
  public func removeExpiredSessions(at now: Timestamp) async throws -> [[UInt8]] {
    let due = """
      SELECT tokenHash FROM appSession WHERE expiresAt <= ? LIMIT 1000
      """
    // Mostly there is none, and then nothing is written.
    guard try await read({ try Row.fetchOne($0, sql: due, arguments: [now.milliseconds]) != nil }) else { return [] }
    return try await write { db in
      try Row.fetchAll(
        db, sql: "DELETE FROM appSession WHERE tokenHash IN (\(due)) RETURNING tokenHash", arguments: [now.milliseconds]
      ).map { $0.bytes("tokenHash") }
    }
  }

  static func insert(_ session: NewSession, of userID: Int64, at now: Timestamp, _ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO appSession (tokenHash, userId, createdAt, expiresAt) VALUES (?, ?, ?, ?)",
      arguments: [Data(session.hash), userID, now.milliseconds, session.expiresAt.milliseconds])
  }

  /// - Parameter kept: the hash of the one that goes on.
  static func endSessions(of userID: Int64, except kept: [UInt8]?, _ db: Database) throws -> [[UInt8]] {
    try Row.fetchAll(
      db, sql: "DELETE FROM appSession WHERE userId = ? AND tokenHash <> ? RETURNING tokenHash",
      arguments: [userID, Data(kept ?? [])]
    ).map { $0.bytes("tokenHash") }
  }
}
