public import Domain
import Foundation
import GRDB

/// The gateway token of a model as it stands.
public struct CurrentGatewayToken: Sendable {
  public let token: StoredToken
  /// Until when the last one before it works; nil where none does.
  public let previousExpiresAt: Timestamp?
}

/// What a gateway token leads to.
public struct GatewayTokenOwner: Sendable {
  public let modelID: Int64
  public let expiresAt: Timestamp?
}

/// Tokens by which gateways speak for all devices of a model.
extension Catalog {
  /// - Returns: nil where the model has none yet.
  public func gatewayToken(of modelID: Int64, at now: Timestamp) async throws -> CurrentGatewayToken? {
    try await read { db in
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT tokenHash, sealedToken,
            (SELECT MAX(expiresAt) FROM gatewayToken WHERE modelId = ?1 AND expiresAt > ?2) AS previousExpiresAt
          FROM gatewayToken WHERE modelId = ?1 AND expiresAt IS NULL
          """, arguments: [modelID, now.milliseconds])
      return row.map {
        CurrentGatewayToken(
          token: StoredToken(hash: $0.bytes("tokenHash"), sealed: $0.bytes("sealedToken")),
          previousExpiresAt: $0.optionalTime("previousExpiresAt"))
      }
    }
  }

  /// Gives a model its first gateway token.
  /// - Returns: false, and nothing is changed, where it has one already.
  public func createGatewayToken(
    _ token: StoredToken, of modelID: Int64, at now: Timestamp, audit: AuditEntry
  ) async throws -> Bool {
    try await write { db in
      let before = try Self.gatewayTokens(of: modelID, at: now, db)
      try db.execute(
        sql: """
          INSERT INTO gatewayToken (tokenHash, modelId, sealedToken, createdAt)
          SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM gatewayToken WHERE modelId = ?2 AND expiresAt IS NULL)
          """, arguments: [Data(token.hash), modelID, Data(token.sealed), now.milliseconds])
      guard db.changesCount > 0 else { return false }
      try audit.insert(db, before: before == 0 ? nil : ["tokens": String(before)], after: ["tokens": String(before + 1)])
      return true
    }
  }

  /// Gives a model a new gateway token; the ones before end at the moment given.
  public func rotateGatewayToken(
    of modelID: Int64, to token: StoredToken, previousUntil: Timestamp, at now: Timestamp, audit: AuditEntry
  ) async throws {
    try await write { db in
      let before = try Self.gatewayTokens(of: modelID, at: now, db)
      try db.execute(
        sql: "UPDATE gatewayToken SET expiresAt = ?1 WHERE modelId = ?2 AND (expiresAt IS NULL OR expiresAt > ?1)",
        arguments: [previousUntil.milliseconds, modelID])
      try db.execute(
        sql: "DELETE FROM gatewayToken WHERE modelId = ? AND expiresAt <= ?", arguments: [modelID, now.milliseconds])
      try db.execute(
        sql: "INSERT INTO gatewayToken (tokenHash, modelId, sealedToken, createdAt) VALUES (?, ?, ?, ?)",
        arguments: [Data(token.hash), modelID, Data(token.sealed), now.milliseconds])
      let after = [
        "tokens": String(try Self.gatewayTokens(of: modelID, at: now, db)), "previousExpiresAt": previousUntil.iso8601,
      ]
      try audit.insert(db, before: ["tokens": String(before)], after: after)
    }
  }

  /// The model of each gateway token by the token's hash, expired ones too.
  public func gatewayTokens() async throws -> [[UInt8]: GatewayTokenOwner] {
    try await read { db in
      var owners: [[UInt8]: GatewayTokenOwner] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT tokenHash, modelId, expiresAt FROM gatewayToken") {
        owners[row.bytes("tokenHash")] = GatewayTokenOwner(modelID: row["modelId"], expiresAt: row.optionalTime("expiresAt"))
      }
      return owners
    }
  }

  /// How many gateway tokens of a model work.
  private static func gatewayTokens(of modelID: Int64, at now: Timestamp, _ db: Database) throws -> Int {
    let count = try Int.fetchOne(
      db, sql: "SELECT COUNT(*) FROM gatewayToken WHERE modelId = ? AND (expiresAt IS NULL OR expiresAt > ?)",
      arguments: [modelID, now.milliseconds])
    return count ?? 0
  }
}
