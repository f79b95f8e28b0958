public import Domain
import GRDB

/// What became of a link.
public enum LinkOutcome: Sendable {
  /// The user owns the thing, now or since before.
  case linked
  /// Another user does.
  case taken
  /// The thing has not allowed it.
  case notAllowed
}

/// Users and the things they own.
extension Catalog {
  /// Makes a user the owner of a thing that has none.
  ///
  /// Whoever owns a thing first sees what it wrote before; after another owner, all of that is archived, and the thing begins
  /// anew.
  /// - Parameter needsAllowance: whether the thing or an operator must have allowed it; the allowance is used up.
  public func link(
    _ thingID: Int64, to userID: Int64, needsAllowance: Bool, at now: Timestamp
  ) async throws -> LinkOutcome {
    try await write { db in
      let last = try Row.fetchOne(
        db, sql: "SELECT userId, endedAt FROM ownership WHERE thingId = ?", arguments: [thingID])
      let isOwners = (last?["userId"] as Int64?) == userID
      if let last, (last["endedAt"] as Int64?) == nil { return isOwners ? .linked : needsAllowance ? .notAllowed : .taken }
      if needsAllowance {
        try db.execute(
          sql: "UPDATE thing SET linkAllowedUntil = NULL WHERE id = ? AND linkAllowedUntil > ?",
          arguments: [thingID, now.milliseconds])
        guard db.changesCount > 0 else { return .notAllowed }
      } else {
        // One link is what was allowed, whichever way it came about.
        try db.execute(
          sql: "UPDATE thing SET linkAllowedUntil = NULL WHERE id = ? AND linkAllowedUntil IS NOT NULL", arguments: [thingID])
      }
      if isOwners {
        try db.execute(
          sql: "UPDATE ownership SET linkedAt = ?, endedAt = NULL WHERE thingId = ?", arguments: [now.milliseconds, thingID])
      } else {
        if last != nil {
          try db.execute(
            sql: "UPDATE resource SET archivedAt = ? WHERE thingId = ? AND archivedAt IS NULL",
            arguments: [now.milliseconds, thingID])
        }
        try db.execute(
          sql: """
            INSERT INTO ownership (thingId, userId, linkedAt) VALUES (?, ?, ?)
            ON CONFLICT (thingId) DO UPDATE SET userId = excluded.userId, linkedAt = excluded.linkedAt, endedAt = NULL
            """, arguments: [thingID, userID, now.milliseconds])
      }
      return .linked
    }
  }

  /// Ends what a user has of a thing: as its owner, and with that every share of it, or what was shared with them.
  /// - Returns: whether there was anything.
  public func unlink(_ thingID: Int64, from userID: Int64, at now: Timestamp) async throws -> Bool {
    try await write { db in
      let owned = try Self.endOwnership(of: thingID, by: userID, at: now, db)
      try db.execute(
        sql: "DELETE FROM shareItem WHERE thingId = ?1 AND shareId IN (SELECT id FROM share WHERE granteeId = ?2)",
        arguments: [thingID, userID])
      return owned || db.changesCount > 0
    }
  }

  /// Takes a thing from its owner, whoever that is.
  /// - Returns: whether it had one.
  public func unlink(_ thingID: Int64, at now: Timestamp, audit: AuditEntry) async throws -> Bool {
    try await write { db in
      guard
        let owner = try Int64.fetchOne(
          db, sql: "SELECT userId FROM ownership WHERE thingId = ? AND endedAt IS NULL", arguments: [thingID])
      else { return false }
      let user = try String.fetchOne(db, sql: "SELECT publicId FROM appUser WHERE id = ?", arguments: [owner]) ?? ""
      try audit.insert(db, before: ["owner": user], after: ["owner": "none"])
      return try Self.endOwnership(of: thingID, by: owner, at: now, db)
    }
  }

  private static func endOwnership(of thingID: Int64, by userID: Int64, at now: Timestamp, _ db: Database) throws -> Bool {
    try db.execute(
      sql: "UPDATE ownership SET endedAt = ? WHERE thingId = ? AND userId = ? AND endedAt IS NULL",
      arguments: [now.milliseconds, thingID, userID])
    guard db.changesCount > 0 else { return false }
    try db.execute(
      sql: "DELETE FROM shareItem WHERE thingId = ?1 AND shareId IN (SELECT id FROM share WHERE ownerId = ?2)",
      arguments: [thingID, userID])
    return true
  }

  /// Lets a user link the thing by its id until then; nil for not at all.
  public func allowLink(of thingID: Int64, until: Timestamp?, audit: AuditEntry) async throws {
    try await write { db in
      let before = try Row.fetchOne(db, sql: "SELECT linkAllowedUntil FROM thing WHERE id = ?", arguments: [thingID])
      try db.execute(
        sql: "UPDATE thing SET linkAllowedUntil = ? WHERE id = ?", arguments: [until?.milliseconds, thingID])
      func told(_ moment: Timestamp?) -> [String: String] { ["allowedUntil": moment?.iso8601 ?? "never"] }
      try audit.insert(db, before: told(before?.optionalTime("linkAllowedUntil")), after: told(until))
    }
  }

  /// The e-mail of the owner of a thing.
  public func ownerEmail(of thingID: Int64) async throws -> String? {
    try await read { db in
      try String.fetchOne(
        db,
        sql: """
          SELECT appUser.email FROM ownership JOIN appUser ON appUser.id = ownership.userId
          WHERE ownership.thingId = ? AND ownership.endedAt IS NULL
          """, arguments: [thingID])
    }
  }
}
