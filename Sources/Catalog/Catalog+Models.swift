public import Domain
import GRDB

/// Models, their MCUs and the keys they trust: what operators set up.
extension Catalog {
  /// - Throws: `exists` when there is a model of that name.
  public func createModel(
    name: String, mcus: [String], numericVersions: Bool, confirmWithin: Int64, fourEyes: Bool = false,
    pollInterval: Int64 = Model.defaultPollInterval, at now: Timestamp, audit: AuditEntry
  ) async throws {
    try await write { db in
      try db.execute(
        sql: """
          INSERT INTO model (name, numericVersions, confirmWithin, createdAt, fourEyes, pollSeconds) VALUES (?, ?, ?, ?, ?, ?)
          """, arguments: [name, numericVersions, confirmWithin, now.milliseconds, fourEyes, pollInterval])
      let id = db.lastInsertedRowID
      for (position, mcu) in mcus.enumerated() {
        try db.execute(
          sql: "INSERT INTO mcu (modelId, position, name) VALUES (?, ?, ?)", arguments: [id, position, mcu])
      }
      let after = [
        "mcus": mcus.joined(separator: ", "), "numericVersions": String(numericVersions),
        "confirmWithin": String(confirmWithin),
      ].merging(Self.told(fourEyes: fourEyes, pollInterval: pollInterval)) { $1 }
      try audit.insert(db, before: nil, after: after)
    }
  }

  /// Changes whether publishing needs a second operator, and how often its things are expected to ask; nil leaves a setting.
  /// Changes nothing where all is so already.
  public func setModel(_ modelID: Int64, fourEyes: Bool?, pollInterval: Int64?, audit: AuditEntry) async throws {
    try await write { db in
      guard let row = try Row.fetchOne(db, sql: "SELECT fourEyes, pollSeconds FROM model WHERE id = ?", arguments: [modelID])
      else { throw CatalogError(.missing, "the model is gone") }
      let before = Self.told(fourEyes: row["fourEyes"], pollInterval: row["pollSeconds"])
      let after = Self.told(fourEyes: fourEyes ?? row["fourEyes"], pollInterval: pollInterval ?? row["pollSeconds"])
      guard before != after else { return }
      try db.execute(
        sql: "UPDATE model SET fourEyes = coalesce(?, fourEyes), pollSeconds = coalesce(?, pollSeconds) WHERE id = ?",
        arguments: [fourEyes, pollInterval, modelID])
      try audit.insert(db, before: before, after: after)
    }
  }

  private static func told(fourEyes: Bool, pollInterval: Int64) -> [String: String] {
    ["fourEyes": fourEyes ? "on" : "off", "pollInterval": String(pollInterval)]
  }

  /// Every model, by name.
  public func models() async throws -> [Model] {
    try await read { db in
      let mcus = Dictionary(
        grouping: try Row.fetchAll(db, sql: "SELECT id, modelId, name FROM mcu ORDER BY modelId, position"),
        by: { $0["modelId"] as Int64 })
      return try Row.fetchAll(db, sql: "SELECT * FROM model ORDER BY name").map { row in
        Model(
          id: row["id"], name: row["name"], numericVersions: row["numericVersions"], confirmWithin: row["confirmWithin"],
          createdAt: row.time("createdAt"),
          mcus: (mcus[row["id"]] ?? []).map { MCU(id: $0["id"], name: $0["name"]) },
          retention: Retention(values: row["keptValues"], seconds: row["keptSeconds"]),
          fourEyes: row["fourEyes"], pollInterval: row["pollSeconds"])
      }
    }
  }

  /// Trusts a key for a model.
  /// - Returns: the key as it stands: the one that was there already, revoked or not, is not changed.
  public func trust(_ key: TrustedKey, for modelID: Int64, audit: AuditEntry) async throws -> (key: TrustedKey, isNew: Bool) {
    try await write { db in
      if let known = try Self.key(key.keyID, of: modelID, db) { return (known, false) }
      try db.execute(
        sql: "INSERT INTO trustedKey (modelId, keyId, algorithm, name, pem, addedAt) VALUES (?, ?, ?, ?, ?, ?)",
        arguments: [modelID, key.keyID, key.algorithm, key.name, key.pem, key.addedAt.milliseconds])
      let after = ["key": key.keyID, "algorithm": key.algorithm, "name": key.name ?? ""]
      try audit.insert(db, before: nil, after: after)
      return (key, true)
    }
  }

  /// Revokes a key; revoking again changes nothing.
  /// - Returns: the key, or nil where the model has none of that id.
  public func revokeKey(_ keyID: String, of modelID: Int64, at now: Timestamp, audit: AuditEntry) async throws -> TrustedKey? {
    try await write { db in
      try db.execute(
        sql: "UPDATE trustedKey SET revokedAt = ? WHERE modelId = ? AND keyId = ? AND revokedAt IS NULL",
        arguments: [now.milliseconds, modelID, keyID])
      if db.changesCount > 0 { try audit.insert(db, before: ["revoked": "false"], after: ["revoked": "true"]) }
      return try Self.key(keyID, of: modelID, db)
    }
  }

  /// The keys of a model, revoked ones too, oldest first.
  public func keys(of modelID: Int64) async throws -> [TrustedKey] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM trustedKey WHERE modelId = ? ORDER BY addedAt, keyId", arguments: [modelID]
      ).map(Self.key)
    }
  }

  private static func key(_ keyID: String, of modelID: Int64, _ db: Database) throws -> TrustedKey? {
    try Row.fetchOne(db, sql: "SELECT * FROM trustedKey WHERE modelId = ? AND keyId = ?", arguments: [modelID, keyID]).map(key)
  }

  private static func key(_ row: Row) -> TrustedKey {
    TrustedKey(
      keyID: row["keyId"], algorithm: row["algorithm"], name: row["name"], pem: row["pem"], addedAt: row.time("addedAt"),
      revokedAt: row.optionalTime("revokedAt"))
  }
}
