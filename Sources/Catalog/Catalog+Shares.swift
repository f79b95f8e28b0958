public import Domain
import Foundation
import GRDB

/// A share that is about to be offered.
public struct NewShare: Sendable {
  public let ownerID: Int64
  public let email: String
  /// The SHA-256 of the token in the mail.
  public let tokenHash: [UInt8]
  public let expiresAt: Timestamp
  public let thingIDs: [Int64]
  /// `*` for all.
  public let resources: [String]

  public init(
    ownerID: Int64, email: String, tokenHash: [UInt8], expiresAt: Timestamp, thingIDs: [Int64], resources: [String]
  ) {
    self.ownerID = ownerID
    self.email = email
    self.tokenHash = tokenHash
    self.expiresAt = expiresAt
    self.thingIDs = thingIDs
    self.resources = resources
  }
}

/// What users share with each other.
extension Catalog {
  /// Offers a share, and queues the mail that asks for its confirmation, in one transaction.
  /// - Returns: false when the owner does not own all of the things any more.
  public func offer(_ share: NewShare, mail: NewMail, at now: Timestamp) async throws -> Bool {
    try await write { db in
      for thingID in share.thingIDs {
        let owns = try Int.fetchOne(
          db, sql: "SELECT 1 FROM ownership WHERE thingId = ? AND userId = ? AND endedAt IS NULL",
          arguments: [thingID, share.ownerID])
        if owns == nil { return false }
      }
      try db.execute(
        sql: "DELETE FROM share WHERE ownerId = ? AND confirmedAt IS NULL AND expiresAt <= ?",
        arguments: [share.ownerID, now.milliseconds])
      try db.execute(
        sql: "INSERT INTO share (ownerId, email, tokenHash, createdAt, expiresAt) VALUES (?, ?, ?, ?, ?)",
        arguments: [
          share.ownerID, share.email, Data(share.tokenHash), now.milliseconds, share.expiresAt.milliseconds,
        ])
      let shareID = db.lastInsertedRowID
      for thingID in share.thingIDs {
        for resource in share.resources {
          try db.execute(
            sql: "INSERT INTO shareItem (shareId, thingId, resource) VALUES (?, ?, ?)",
            arguments: [shareID, thingID, resource])
        }
      }
      try Self.insert(mail, db)
      return true
    }
  }

  /// The share that waits for this token's holder, or was confirmed by it.
  public func share(tokenHash: [UInt8], at now: Timestamp) async throws -> ShareSummary? {
    try await read { db in
      try Self.summaries(
        db, "share.tokenHash = ? AND (share.expiresAt > ? OR share.confirmedAt IS NOT NULL)",
        [Data(tokenHash), now.milliseconds]
      ).first
    }
  }

  /// What a user shares, newest first.
  public func shares(of ownerID: Int64) async throws -> [ShareSummary] {
    try await read { try Self.summaries($0, "share.ownerId = ?", [ownerID]) }
  }

  private static func summaries(
    _ db: Database, _ condition: String, _ arguments: StatementArguments
  ) throws -> [ShareSummary] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT share.*, owner.email AS ownerEmail, app.name AS app, grantee.createdAt AS registeredAt FROM share
        JOIN appUser AS owner ON owner.id = share.ownerId JOIN app ON app.id = owner.appId
        LEFT JOIN appUser AS grantee ON grantee.appId = owner.appId AND grantee.email = share.email
        WHERE \(condition) ORDER BY share.id DESC
        """, arguments: arguments
    ).compactMap { row in
      let id: Int64 = row["id"]
      let things = try String.fetchAll(
        db,
        sql: """
          SELECT DISTINCT thing.publicId FROM shareItem JOIN thing ON thing.id = shareItem.thingId
          WHERE shareItem.shareId = ? ORDER BY thing.publicId
          """, arguments: [id])
      let resources = try String.fetchAll(
        db, sql: "SELECT DISTINCT resource FROM shareItem WHERE shareId = ? ORDER BY resource", arguments: [id])
      // All of it was unlinked since.
      guard !things.isEmpty else { return nil }
      return ShareSummary(
        email: row["email"], ownerEmail: row["ownerEmail"], app: row["app"], things: things, resources: resources,
        createdAt: row.time("createdAt"), confirmedAt: row.optionalTime("confirmedAt"),
        registeredAt: row.optionalTime("registeredAt"))
    }
  }

  /// Confirms a share for the account that has its e-mail, in the app of its owner. Again changes nothing.
  public func confirmShare(tokenHash: [UInt8], at now: Timestamp) async throws -> ShareConfirmation {
    try await write { db in
      let share = try Row.fetchOne(
        db,
        sql: """
          SELECT share.id, share.confirmedAt, grantee.id AS granteeId FROM share
          JOIN appUser AS owner ON owner.id = share.ownerId
          LEFT JOIN appUser AS grantee ON grantee.appId = owner.appId AND grantee.email = share.email
          WHERE share.tokenHash = ? AND (share.expiresAt > ? OR share.confirmedAt IS NOT NULL)
            AND EXISTS (SELECT 1 FROM shareItem WHERE shareId = share.id)
          """, arguments: [Data(tokenHash), now.milliseconds])
      guard let share else { return .unknown }
      if (share["confirmedAt"] as Int64?) != nil { return .confirmed }
      guard let granteeID = share["granteeId"] as Int64? else { return .noAccount }
      try db.execute(
        sql: "UPDATE share SET granteeId = ?, confirmedAt = ? WHERE id = ?",
        arguments: [granteeID, now.milliseconds, share["id"] as Int64])
      return .confirmed
    }
  }

  /// Takes back what a user shares with an e-mail: all of it, or some things.
  /// - Returns: whether there was anything.
  public func revokeShares(of ownerID: Int64, with email: String, thingIDs: [Int64]?) async throws -> Bool {
    try await write { db in
      guard let thingIDs else {
        try db.execute(sql: "DELETE FROM share WHERE ownerId = ? AND email = ?", arguments: [ownerID, email])
        return db.changesCount > 0
      }
      var isAnything = false
      for thingID in thingIDs {
        try db.execute(
          sql: """
            DELETE FROM shareItem WHERE thingId = ?3
              AND shareId IN (SELECT id FROM share WHERE ownerId = ?1 AND email = ?2)
            """, arguments: [ownerID, email, thingID])
        isAnything = isAnything || db.changesCount > 0
      }
      return isAnything
    }
  }

  /// Says what a user lets the app name as granted.
  public func setGrants(resources: [String], things: [String], of userID: Int64) async throws {
    try await write { db in
      try db.execute(
        sql: "UPDATE appUser SET grantedResources = ?, grantedThings = ? WHERE id = ?",
        arguments: [try jsonText(resources), try jsonText(things), userID])
    }
  }
}
