public import Domain
import Foundation
import GRDB

/// An activation code that is about to be stored.
public struct NewCode: Sendable {
  public let hash: [UInt8]
  public let sealed: [UInt8]

  public init(hash: [UInt8], sealed: [UInt8]) {
    self.hash = hash
    self.sealed = sealed
  }
}

/// Activation codes: made by operators, used once by a thing.
extension Catalog {
  public func createCodes(_ codes: [NewCode], modelID: Int64, at now: Timestamp, audit: AuditEntry) async throws -> [Int64] {
    try await write { db in
      let ids = try codes.map { code in
        try Self.insert(code, modelID: modelID, thingID: nil, now, db)
        return db.lastInsertedRowID
      }
      try audit.insert(db, before: nil, after: ["codes": String(codes.count)])
      return ids
    }
  }

  /// Codes, newest first.
  /// - Parameters:
  ///   - models: only of these; of all where nil.
  ///   - after: the row id of the last code of the page before.
  public func codes(
    modelID: Int64?, of models: Set<Int64>? = nil, unusedOnly: Bool, after: Int64?, limit: Int
  ) async throws -> [ActivationCode] {
    try await read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT activationCode.*, model.name AS modelName, thing.publicId AS thingPublicId FROM activationCode
          JOIN model ON model.id = activationCode.modelId LEFT JOIN thing ON thing.id = activationCode.thingId
          WHERE activationCode.id < ?1 AND (?2 IS NULL OR activationCode.modelId = ?2) AND (?3 = 0 OR usedAt IS NULL)
            AND (?5 IS NULL OR activationCode.modelId IN (SELECT value FROM json_each(?5)))
          ORDER BY activationCode.id DESC LIMIT ?4
          """, arguments: [after ?? Int64.max, modelID, unusedOnly, limit, try models.map(jsonText)]
      ).map { row in
        ActivationCode(
          id: row["id"], sealedCode: row.bytes("sealedCode"), model: row["modelName"], createdAt: row.time("createdAt"),
          usedAt: row.optionalTime("usedAt"), thing: row["thingPublicId"])
      }
    }
  }

  /// Uses a code: makes the thing, or the thing that was reset again, and gives it its token, in one transaction.
  /// - Returns: the thing, or nil when there is no such code or it was used before.
  public func activate(
    codeHash: [UInt8], newPublicID: String, token: StoredToken, at now: Timestamp
  ) async throws -> Thing? {
    try await write { db in
      let code = try Row.fetchOne(
        db, sql: "SELECT id, modelId, thingId FROM activationCode WHERE codeHash = ? AND usedAt IS NULL",
        arguments: [Data(codeHash)])
      guard let code else { return nil }
      let thingID = try (code["thingId"] as Int64?) ?? Self.insertThing(newPublicID, code["modelId"], now, db)
      try db.execute(
        sql: "UPDATE activationCode SET usedAt = ?, thingId = ? WHERE id = ?",
        arguments: [now.milliseconds, thingID, code["id"] as Int64])
      try db.execute(sql: "UPDATE thing SET activatedAt = ? WHERE id = ?", arguments: [now.milliseconds, thingID])
      try Self.insert(token, of: thingID, now, db)
      return try Row.fetchOne(db, sql: "SELECT * FROM thing WHERE id = ?", arguments: [thingID]).map(Self.thing)
    }
  }

  static func insertThing(_ publicID: String, _ modelID: Int64, _ now: Timestamp, _ db: Database) throws -> Int64 {
    try db.execute(
      sql: "INSERT INTO thing (publicId, modelId, createdAt) VALUES (?, ?, ?)",
      arguments: [publicID, modelID, now.milliseconds])
    let thingID = db.lastInsertedRowID
    try note(.created, of: thingID, at: now, db)
    return thingID
  }

  static func insert(_ code: NewCode, modelID: Int64, thingID: Int64?, _ now: Timestamp, _ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO activationCode (codeHash, sealedCode, modelId, createdAt, thingId) VALUES (?, ?, ?, ?, ?)",
      arguments: [Data(code.hash), Data(code.sealed), modelID, now.milliseconds, thingID])
  }
}
