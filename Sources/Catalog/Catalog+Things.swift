public import Domain
import Foundation
import GRDB

/// A token as it is stored: found by its hash, readable only with the store's key.
public struct StoredToken: Sendable {
  public let hash: [UInt8]
  public let sealed: [UInt8]

  public init(hash: [UInt8], sealed: [UInt8]) {
    self.hash = hash
    self.sealed = sealed
  }
}

/// A thing that comes from another system.
public struct NewThing: Sendable {
  public let publicID: String
  public let modelID: Int64
  public let token: StoredToken

  public init(publicID: String, modelID: Int64, token: StoredToken) {
    self.publicID = publicID
    self.modelID = modelID
    self.token = token
  }
}

/// What a token leads to.
public struct TokenOwner: Sendable {
  public let standing: ThingStanding
  public let expiresAt: Timestamp?
  /// What was asked of the thing in the same reading, and the answers.
  public var needs = FactNeeds()
  public var facts = ThingFacts()

  public init(standing: ThingStanding, expiresAt: Timestamp?) {
    self.standing = standing
    self.expiresAt = expiresAt
  }
}

/// Things and their tokens: what the doors ask for on every first request, and what operators do to a thing.
extension Catalog {
  /// Finds the thing of a token, with all that decides what it may have.
  public func owner(ofToken hash: [UInt8]) async throws -> TokenOwner? {
    try await owners(ofTokens: [hash]) { _ in FactNeeds() }[0]
  }

  /// The same of several tokens in one reading, in their order.
  /// - Parameter needs: what is asked of things beyond how they stand, by the row ids of their models.
  public func owners(
    ofTokens hashes: [[UInt8]], _ needs: @escaping @Sendable (_ modelID: Int64) -> FactNeeds
  ) async throws -> [TokenOwner?] {
    try await read { db in
      try hashes.map { hash in
        let row = try Row.fetchOne(
          db.cachedStatement(sql: "SELECT thingId, expiresAt FROM thingToken WHERE tokenHash = ?"), arguments: [Data(hash)])
        guard let row, let standing = try Self.standing(of: row["thingId"], db) else { return nil }
        var owner = TokenOwner(standing: standing, expiresAt: row.optionalTime("expiresAt"))
        owner.needs = needs(standing.modelID)
        if !owner.needs.isEmpty { owner.facts = try Self.facts(of: standing.thingID, owner.needs, db) }
        return owner
      }
    }
  }

  public func standing(of thingID: Int64) async throws -> ThingStanding? {
    try await read { try Self.standing(of: thingID, $0) }
  }

  /// The same, behind every change that is queued now.
  public func standingBehindQueue(of thingID: Int64) async throws -> ThingStanding? {
    try await write { try Self.standing(of: thingID, $0) }
  }

  /// - Parameter publicID: or the name of its controller, where no thing has it as its id.
  public func thing(publicID: String) async throws -> Thing? {
    // SQLite would take the text for ended there.
    guard !publicID.utf8.contains(0) else { return nil }
    return try await read { db in
      try Row.fetchOne(
        db,
        sql: """
          \(Self.namedThings) WHERE thing.publicId = ?1
            OR thing.id = (SELECT thingId FROM controller WHERE controllerId = ?1)
            AND NOT EXISTS (SELECT 1 FROM thing WHERE publicId = ?1)
          """, arguments: [publicID]
      ).map(Self.thing)
    }
  }

  public func thingCount() async throws -> Int {
    try await read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM thing") ?? 0 }
  }

  /// The newest token of a thing, sealed.
  public func sealedToken(of thingID: Int64, at now: Timestamp) async throws -> StoredToken? {
    try await read { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT tokenHash, sealedToken FROM thingToken WHERE thingId = ? AND (expiresAt IS NULL OR expiresAt > ?)
          ORDER BY createdAt DESC, expiresAt IS NULL DESC LIMIT 1
          """, arguments: [thingID, now.milliseconds]
      ).map { StoredToken(hash: $0.bytes("tokenHash"), sealed: $0.bytes("sealedToken")) }
    }
  }

  /// Gives a thing a new token; the ones before end at the moment given.
  public func rotateToken(
    of thingID: Int64, to token: StoredToken, previousUntil: Timestamp, at now: Timestamp, audit: AuditEntry
  ) async throws {
    try await write { db in
      try Self.checkNotRetired(thingID, db)
      let before = try Self.tokens(of: thingID, at: now, db)
      try db.execute(
        sql: "UPDATE thingToken SET expiresAt = ?1 WHERE thingId = ?2 AND (expiresAt IS NULL OR expiresAt > ?1)",
        arguments: [previousUntil.milliseconds, thingID])
      try db.execute(
        sql: "DELETE FROM thingToken WHERE thingId = ? AND expiresAt <= ?", arguments: [thingID, now.milliseconds])
      try Self.insert(token, of: thingID, now, db)
      try Self.note(.tokenRotated, of: thingID, at: now, db)
      let after = ["tokens": try Self.tokens(of: thingID, at: now, db), "previousExpiresAt": previousUntil.iso8601]
      try audit.insert(db, before: ["tokens": before], after: after)
    }
  }

  /// How many tokens of a thing work.
  private static func tokens(of thingID: Int64, at now: Timestamp, _ db: Database) throws -> String {
    let count = try Int.fetchOne(
      db, sql: "SELECT COUNT(*) FROM thingToken WHERE thingId = ? AND (expiresAt IS NULL OR expiresAt > ?)",
      arguments: [thingID, now.milliseconds])
    return String(count ?? 0)
  }

  /// What the MCUs of a thing are known to run.
  private static func running(of thingID: Int64, _ db: Database) throws -> [String: String] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT mcu.name, running FROM thingMCU JOIN mcu ON mcu.id = thingMCU.mcuId
        WHERE thingMCU.thingId = ? AND running IS NOT NULL
        """, arguments: [thingID]
    ).reduce(into: [:]) { $0["running \($1["name"] as String)"] = $1["running"] as String }
  }

  /// Ends a thing's tokens and forgets what it ran, so that its code activates it again. What failed on it stays known.
  /// - Parameter spare: a code to give to a thing that never had one.
  /// - Returns: the sealed activation code.
  public func resetThing(
    _ thingID: Int64, spare: NewCode, modelID: Int64, at now: Timestamp, audit: AuditEntry
  ) async throws -> [UInt8] {
    try await write { db in
      try Self.checkNotRetired(thingID, db)
      let before = try Self.running(of: thingID, db).merging(["tokens": try Self.tokens(of: thingID, at: now, db)]) { $1 }
      try db.execute(sql: "DELETE FROM thingToken WHERE thingId = ?", arguments: [thingID])
      try db.execute(
        sql: "UPDATE thingMCU SET running = NULL, boot = NULL, reportedAt = NULL, firmwareId = NULL WHERE thingId = ?",
        arguments: [thingID])
      try db.execute(
        sql: "DELETE FROM installation WHERE thingId = ? AND state NOT IN ('failed', 'rejected', 'rolledBack')",
        arguments: [thingID])
      try Self.leaveRollouts(thingID, db)
      try Self.resetController(ofThing: thingID, at: now, db)
      try Self.note(.reset, of: thingID, at: now, db)
      try audit.insert(db, before: before, after: before.mapValues { _ in "none" })
      let code = try Row.fetchOne(db, sql: "SELECT id, sealedCode FROM activationCode WHERE thingId = ?", arguments: [thingID])
      if let code {
        try db.execute(sql: "UPDATE activationCode SET usedAt = NULL WHERE id = ?", arguments: [code["id"] as Int64])
        return code.bytes("sealedCode")
      }
      try Self.insert(spare, modelID: modelID, thingID: thingID, now, db)
      return spare.sealed
    }
  }

  /// Ends a thing: no token of it works any more, and its code neither.
  public func retireThing(_ thingID: Int64, at now: Timestamp, audit: AuditEntry) async throws {
    try await write { db in
      let tokens = try Self.tokens(of: thingID, at: now, db)
      try db.execute(sql: "DELETE FROM thingToken WHERE thingId = ?", arguments: [thingID])
      try db.execute(
        sql: "UPDATE activationCode SET usedAt = ? WHERE thingId = ? AND usedAt IS NULL",
        arguments: [now.milliseconds, thingID])
      try db.execute(
        sql: "UPDATE thing SET retiredAt = ? WHERE id = ? AND retiredAt IS NULL", arguments: [now.milliseconds, thingID])
      guard db.changesCount > 0 else { return }
      try Self.leaveRollouts(thingID, db)
      let before = ["retired": "false", "tokens": tokens]
      try audit.insert(db, before: before, after: ["retired": "true", "tokens": "0"])
    }
  }

  /// Ends what rollouts still expect of a thing.
  private static func leaveRollouts(_ thingID: Int64, _ db: Database) throws {
    try db.execute(
      sql: """
        DELETE FROM delivery WHERE thingId = ?
          AND state IN ('waiting', 'offered', 'downloading', 'downloaded', 'installing', 'installed')
        """, arguments: [thingID])
  }

  /// Takes over things with their tokens, all of them or none.
  /// - Returns: how many are new, and how many were there with the same token and model.
  /// - Throws: `exists` with the place in the list when a token or an id belongs to another thing.
  public func importThings(
    _ things: [NewThing], namedIDs: Set<String>, at now: Timestamp, audit: AuditEntry
  ) async throws -> (imported: Int, unchanged: Int) {
    try await write { db in
      var unchanged = 0
      for (index, new) in things.enumerated() {
        let known = try Row.fetchOne(
          db, sql: "SELECT thing.* FROM thingToken JOIN thing ON thing.id = thingToken.thingId WHERE tokenHash = ?",
          arguments: [Data(new.token.hash)]
        ).map(Self.thing)
        if let known {
          let sameID = !namedIDs.contains(new.publicID) || known.publicID == new.publicID
          guard known.modelID == new.modelID, sameID else {
            throw CatalogError(.exists, "entry \(index + 1): the token belongs to another thing")
          }
          unchanged += 1
          continue
        }
        try Self.insertImported(new, place: index + 1, now, db)
      }
      let imported = things.count - unchanged
      try audit.insert(db, before: nil, after: ["imported": String(imported), "unchanged": String(unchanged)])
      return (imported, unchanged)
    }
  }

  private static func insertImported(_ new: NewThing, place: Int, _ now: Timestamp, _ db: Database) throws {
    let taken = try Int.fetchOne(db, sql: "SELECT 1 FROM thing WHERE publicId = ?", arguments: [new.publicID])
    guard taken == nil else { throw CatalogError(.exists, "entry \(place): the id belongs to another thing") }
    try db.execute(
      sql: "INSERT INTO thing (publicId, modelId, createdAt, activatedAt) VALUES (?, ?, ?, ?)",
      arguments: [new.publicID, new.modelID, now.milliseconds, now.milliseconds])
    let thingID = db.lastInsertedRowID
    try insert(new.token, of: thingID, now, db)
    try note(.created, of: thingID, at: now, db)
    try note(.imported, of: thingID, at: now, db)
  }

  private static func checkNotRetired(_ thingID: Int64, _ db: Database) throws {
    let retired = try Int.fetchOne(db, sql: "SELECT 1 FROM thing WHERE id = ? AND retiredAt IS NOT NULL", arguments: [thingID])
    guard retired == nil else { throw CatalogError(.retired, "the thing is retired") }
  }

  static func insert(_ token: StoredToken, of thingID: Int64, _ now: Timestamp, _ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO thingToken (tokenHash, thingId, sealedToken, createdAt) VALUES (?, ?, ?, ?)",
      arguments: [Data(token.hash), thingID, Data(token.sealed), now.milliseconds])
  }

  /// Things with their names at the DDI door.
  static let namedThings =
    "SELECT thing.*, controllerId FROM thing LEFT JOIN controller ON controller.thingId = thing.id"

  static func thing(_ row: Row) -> Thing {
    Thing(
      id: row["id"], publicID: row["publicId"], modelID: row["modelId"], createdAt: row.time("createdAt"),
      activatedAt: row.optionalTime("activatedAt"), lastSeenAt: row.optionalTime("lastSeenAt"),
      retiredAt: row.optionalTime("retiredAt"), controllerID: row["controllerId"])
  }

  static func standing(of thingID: Int64, _ db: Database) throws -> ThingStanding? {
    func rows(_ query: String) throws -> [Row] { try Row.fetchAll(db.cachedStatement(sql: query), arguments: [thingID]) }
    guard let thing = try rows("SELECT publicId, modelId FROM thing WHERE id = ?").first else { return nil }
    let mcus = try rows("SELECT * FROM thingMCU WHERE thingId = ?")
    let installations = try rows("SELECT * FROM installation WHERE thingId = ?")
    let deliveries = try rows("SELECT * FROM delivery WHERE thingId = ?")
    return ThingStanding(
      thingID: thingID, publicID: thing["publicId"], modelID: thing["modelId"],
      mcus: mcus.map { row in
        MCUStanding(
          mcuID: row["mcuId"], running: row["running"], boot: row["boot"], reportedAt: row.optionalTime("reportedAt"),
          firmwareID: row["firmwareId"])
      }, installations: try installations.map(installation), deliveries: try deliveries.map(delivery))
  }

  static func installation(_ row: Row) throws -> Installation {
    Installation(
      firmwareID: row["firmwareId"], rolloutID: row["rolloutId"], state: try row.known("state"), since: row.time("since"),
      installedAt: row.optionalTime("installedAt"), bootAtInstall: row["bootAtInstall"],
      otherVersionSaidAt: row.optionalTime("otherVersionSaidAt"), code: row["code"], message: row["message"],
      bytesServed: row["bytesServed"], attempts: row["attempts"])
  }
}
