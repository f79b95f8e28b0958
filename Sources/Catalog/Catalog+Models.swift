public import Domain
import GRDB

/// Models, their MCUs and the keys they trust: what operators set up.
extension Catalog {
  /// - Parameter modules: by the names of MCUs.
  /// - Throws: `exists` when there is a model of that name.
  public func createModel(
    name: String, mcus: [String], numericVersions: Bool, confirmWithin: Int64, fourEyes: Bool = false,
    pollInterval: Int64 = Model.defaultPollInterval, deviceDoor: DeviceDoor = .standard,
    modules: [String: ModuleChange] = [:], at now: Timestamp, audit: AuditEntry
  ) async throws {
    try await write { db in
      try db.execute(
        sql: """
          INSERT INTO model (name, numericVersions, confirmWithin, createdAt, fourEyes, pollSeconds, unknownThings,
            versionAttribute, trustsReports)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          name, numericVersions, confirmWithin, now.milliseconds, fourEyes, pollInterval, deviceDoor.unknownThings.rawValue,
          deviceDoor.versionAttribute, deviceDoor.trustsReports,
        ])
      let id = db.lastInsertedRowID
      var named: [MCU] = []
      for (position, name) in mcus.enumerated() {
        let plain = MCU(id: 0, name: name)
        let mcu = modules[name]?.applied(to: plain) ?? plain
        try db.execute(
          sql: "INSERT INTO mcu (modelId, position, name, moduleType, part) VALUES (?, ?, ?, ?, ?)",
          arguments: [id, position, name, mcu.moduleType, mcu.explicitPart])
        if modules[name] != nil { named.append(mcu) }
      }
      let after = [
        "mcus": mcus.joined(separator: ", "), "numericVersions": String(numericVersions),
        "confirmWithin": String(confirmWithin),
      ].merging(Self.told(fourEyes: fourEyes, pollInterval: pollInterval, deviceDoor, named)) { $1 }
      try audit.insert(db, before: nil, after: after)
    }
  }

  /// Changes whether publishing needs a second operator, how often its things are expected to ask, and how its devices come in
  /// by DDI; nil leaves a setting. Changes nothing where all is so already.
  /// - Parameter modules: by the names of MCUs; one that the model does not have is passed over.
  public func setModel(
    _ modelID: Int64, fourEyes: Bool?, pollInterval: Int64?, deviceDoor change: DeviceDoorChange = .none,
    modules: [String: ModuleChange] = [:], audit: AuditEntry
  ) async throws {
    try await write { db in
      guard let model = try Self.models(db, only: modelID).first else { throw CatalogError(.missing, "the model is gone") }
      let named = model.mcus.filter { modules[$0.name] != nil }
      let changed = named.map { modules[$0.name]?.applied(to: $0) ?? $0 }
      let (eyes, interval) = (fourEyes ?? model.fourEyes, pollInterval ?? model.pollInterval)
      let door = change.applied(to: model.deviceDoor)
      let before = Self.told(fourEyes: model.fourEyes, pollInterval: model.pollInterval, model.deviceDoor, named)
      let after = Self.told(fourEyes: eyes, pollInterval: interval, door, changed)
      guard before != after else { return }
      try db.execute(
        sql: """
          UPDATE model SET fourEyes = ?, pollSeconds = ?, unknownThings = ?, versionAttribute = ?, trustsReports = ?
          WHERE id = ?
          """,
        arguments: [eyes, interval, door.unknownThings.rawValue, door.versionAttribute, door.trustsReports, modelID])
      for mcu in changed {
        try db.execute(
          sql: "UPDATE mcu SET moduleType = ?, part = ? WHERE id = ?",
          arguments: [mcu.moduleType, mcu.explicitPart, mcu.id])
      }
      try audit.insert(db, before: before, after: after)
    }
  }

  private static func told(
    fourEyes: Bool, pollInterval: Int64, _ door: DeviceDoor, _ mcus: [MCU]
  ) -> [String: String] {
    var told = [
      "fourEyes": fourEyes ? "on" : "off", "pollInterval": String(pollInterval),
      "unknownThings": door.unknownThings.rawValue, "versionAttribute": door.versionAttribute,
      "trustsReports": String(door.trustsReports),
    ]
    for mcu in mcus {
      told["moduleType \(mcu.name)"] = mcu.moduleType
      told["part \(mcu.name)"] = mcu.part
    }
    return told
  }

  /// Every model, by name.
  public func models() async throws -> [Model] { try await read { try Self.models($0) } }

  private static func models(_ db: Database, only id: Int64? = nil) throws -> [Model] {
    let mcus = Dictionary(
      grouping: try Row.fetchAll(
        db, sql: "SELECT * FROM mcu WHERE ?1 IS NULL OR modelId = ?1 ORDER BY modelId, position", arguments: [id]),
      by: { $0["modelId"] as Int64 })
    return try Row.fetchAll(
      db, sql: "SELECT * FROM model WHERE ?1 IS NULL OR id = ?1 ORDER BY name", arguments: [id]
    ).map { row in
      Model(
        id: row["id"], name: row["name"], numericVersions: row["numericVersions"], confirmWithin: row["confirmWithin"],
        createdAt: row.time("createdAt"),
        mcus: (mcus[row["id"]] ?? []).map {
          MCU(id: $0["id"], name: $0["name"], moduleType: $0["moduleType"], explicitPart: $0["part"])
        },
        retention: Retention(values: row["keptValues"], seconds: row["keptSeconds"]),
        fourEyes: row["fourEyes"], pollInterval: row["pollSeconds"],
        deviceDoor: DeviceDoor(
          unknownThings: try row.known("unknownThings"), versionAttribute: row["versionAttribute"],
          trustsReports: row["trustsReports"]))
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
