public import Domain
import GRDB

/// Devices of the DDI door: their names, and what is known of them beyond what is known of things.
extension Catalog {
  public func controller(_ controllerID: String) async throws -> Controller? {
    try await read { try Self.controller(controllerID, $0) }
  }

  /// The controller of a thing, if it has one.
  public func controller(ofThing thingID: Int64) async throws -> Controller? {
    try await read { db in
      let id = try String.fetchOne(db, sql: "SELECT controllerId FROM controller WHERE thingId = ?", arguments: [thingID])
      return try id.flatMap { try Self.controller($0, db) }
    }
  }

  /// Controllers by name.
  /// - Parameters:
  ///   - waitingOnly: those alone that wait to be admitted.
  ///   - models: only of these; of all where nil.
  ///   - after: the last of the page before.
  public func controllers(
    waitingOnly: Bool, modelID: Int64?, of models: Set<Int64>?, after: String?, limit: Int
  ) async throws -> [Controller] {
    // Left to itself, SQLite reads all that wait and sorts them.
    let source = waitingOnly ? "controller INDEXED BY controllerWaiting WHERE thingId IS NULL AND" : "controller WHERE"
    return try await read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT controllerId FROM \(source) controllerId > ?1
            AND (?2 IS NULL OR modelId = ?2) AND (?3 IS NULL OR modelId IN (SELECT value FROM json_each(?3)))
          ORDER BY controllerId LIMIT ?4
          """, arguments: [after ?? "", modelID, try models.map(jsonText), limit]
      ).compactMap { try Self.controller($0, db) }
    }
  }

  /// Notes a controller that waits to be admitted. One that is known stays as it is.
  /// - Parameter most: how many of the model may wait.
  /// - Throws: `full` where so many wait already.
  public func addWaitingController(
    _ controllerID: String, modelID: Int64, most: Int, at now: Timestamp,
    committed: @escaping @Sendable (Controller?) -> Void
  ) async throws {
    _ = try await write(
      { db in
        if let known = try Self.controller(controllerID, db) { return known }
        let isFull = try Row.fetchOne(
          db.cachedStatement(
            sql: """
              SELECT 1 FROM controller INDEXED BY controllerWaitingOfModel WHERE modelId = ? AND thingId IS NULL
              LIMIT 1 OFFSET ?
              """), arguments: [modelID, most - 1])
        guard isFull == nil else {
          throw CatalogError(.full, "\(most) controllers of this model wait already")
        }
        try db.execute(
          sql: "INSERT INTO controller (controllerId, modelId, createdAt) VALUES (?, ?, ?)",
          arguments: [controllerID, modelID, now.milliseconds])
        return try Self.controller(controllerID, db)
      }, committed: committed)
  }

  /// Names a thing that exists. Nothing changes where the name is taken, or the thing has another.
  /// - Returns: the controller of that name, whoever's it is.
  public func nameController(
    _ controllerID: String, thingID: Int64, boundBy: Controller.Binding, at now: Timestamp,
    committed: @escaping @Sendable (Controller?) -> Void
  ) async throws -> Controller? {
    try await write(
      { db in
        try db.execute(
          sql: """
            INSERT INTO controller (controllerId, modelId, thingId, boundBy, createdAt)
              SELECT ?1, modelId, id, ?4, ?3 FROM thing WHERE id = ?2 ON CONFLICT DO NOTHING
            """, arguments: [controllerID, thingID, now.milliseconds, boundBy.rawValue])
        return try Self.controller(controllerID, db)
      }, committed: committed)
  }

  /// Makes a thing of a controller that is new, or that waits.
  /// - Parameter audit: where an operator admits it.
  /// - Returns: the controller as it stands, and whether a thing was made.
  public func createThing(
    _ thing: NewThing, ofController controllerID: String, at now: Timestamp, audit: AuditEntry?,
    committed: @escaping @Sendable ((controller: Controller?, isNew: Bool)) -> Void
  ) async throws -> (controller: Controller?, isNew: Bool) {
    try await write(
      { db in
        if let known = try Self.controller(controllerID, db), known.thingID != nil { return (known, false) }
        let thingID = try Self.insertThing(thing.publicID, thing.modelID, now, db)
        try db.execute(sql: "UPDATE thing SET activatedAt = ? WHERE id = ?", arguments: [now.milliseconds, thingID])
        try Self.insert(thing.token, of: thingID, now, db)
        try db.execute(
          sql: """
            INSERT INTO controller (controllerId, modelId, thingId, boundBy, createdAt) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (controllerId) DO UPDATE SET thingId = excluded.thingId, boundBy = excluded.boundBy
            """,
          arguments: [
            controllerID, thing.modelID, thingID, (audit == nil ? Controller.Binding.gateway : .operator).rawValue,
            now.milliseconds,
          ])
        try audit?.insert(db, before: ["state": "waiting"], after: ["state": "admitted", "thing": thing.publicID])
        return (try Self.controller(controllerID, db), true)
      }, committed: committed)
  }

  /// Forgets a controller. The thing of one that has a thing stays, without the name, and what it was told of is cancelled.
  /// - Returns: what it was; nil where there was none.
  public func refuseController(
    _ controllerID: String, at now: Timestamp, audit: AuditEntry, committed: @escaping @Sendable (Controller?) -> Void
  ) async throws -> Controller? {
    try await write(
      { db in
        guard let known = try Self.controller(controllerID, db) else { return nil }
        try db.execute(sql: "DELETE FROM controller WHERE controllerId = ?", arguments: [controllerID])
        guard let thingID = known.thingID, let thing = known.thing else {
          try audit.insert(db, before: ["state": "waiting"], after: ["state": "refused"])
          return known
        }
        let cancelled = try Self.cancelActions(of: thingID, at: now, db)
        try audit.insert(
          db, before: ["state": "named", "thing": thing, "boundBy": known.boundBy.rawValue, "actions": String(cancelled)],
          after: ["state": "refused", "actions": "0"])
        return known
      }, committed: committed)
  }

  /// Forgets all controllers of a model that wait.
  /// - Returns: their names.
  public func refuseControllers(
    ofModel modelID: Int64, audit: AuditEntry, committed: @escaping @Sendable ([String]) -> Void
  ) async throws -> [String] {
    try await write(
      { db in
        let names = try String.fetchAll(
          db,
          sql: """
            DELETE FROM controller INDEXED BY controllerWaitingOfModel WHERE modelId = ? AND thingId IS NULL
            RETURNING controllerId
            """, arguments: [modelID])
        if !names.isEmpty { try audit.insert(db, before: ["waiting": "\(names.count)"], after: ["waiting": "0"]) }
        return names
      }, committed: committed)
  }

  // MARK: Attributes and confirmation

  /// The attributes that a controller has told, by name.
  public func attributes(ofController controllerID: String) async throws -> [String: String] {
    try await read { db in
      try Row.fetchOne(db, sql: "SELECT attributes FROM controller WHERE controllerId = ?", arguments: [controllerID])
        .map { $0.details("attributes") } ?? [:]
    }
  }

  /// Takes the attributes of a controller, which is asked for them no longer.
  public func setAttributes(
    _ attributes: [String: String], ofController controllerID: String, committed: @escaping @Sendable (Controller?) -> Void
  ) async throws {
    _ = try await write(
      { db in
        try db.execute(
          sql: "UPDATE controller SET attributes = ?, asksAttributes = 0 WHERE controllerId = ?",
          arguments: [try jsonText(attributes), controllerID])
        return try Self.controller(controllerID, db)
      }, committed: committed)
  }

  /// Has a controller agree to every update by itself, or no longer.
  public func setAutoConfirm(
    _ autoConfirm: AutoConfirm?, ofController controllerID: String, committed: @escaping @Sendable (Controller?) -> Void
  ) async throws {
    _ = try await write(
      { db in
        try db.execute(
          sql: "UPDATE controller SET autoConfirm = ? WHERE controllerId = ?",
          arguments: [try autoConfirm.map(jsonText), controllerID])
        return try Self.controller(controllerID, db)
      }, committed: committed)
  }

  /// Forgets what the controller of a thing said of itself, and asks for it anew.
  static func resetController(ofThing thingID: Int64, at now: Timestamp, _ db: Database) throws {
    try db.execute(
      sql: "UPDATE controller SET asksAttributes = 1, attributes = '{}', autoConfirm = NULL WHERE thingId = ?",
      arguments: [thingID])
    _ = try cancelActions(of: thingID, at: now, db)
  }

  // MARK: Rows

  static func controller(_ controllerID: String, _ db: Database) throws -> Controller? {
    let row = try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT controller.*, thing.publicId AS publicId, thing.retiredAt AS retiredAt FROM controller
          LEFT JOIN thing ON thing.id = controller.thingId WHERE controllerId = ?
          """), arguments: [controllerID])
    guard let row else { return nil }
    let thingID: Int64? = row["thingId"]
    return Controller(
      controllerID: row["controllerId"], modelID: row["modelId"], thingID: thingID, thing: row["publicId"],
      boundBy: try row.known("boundBy"), createdAt: row.time("createdAt"), asksAttributes: row["asksAttributes"],
      autoConfirm: (row["autoConfirm"] as String?) == nil ? nil : try row.decoded("autoConfirm", AutoConfirm.self),
      actions: try thingID.map { try actions(of: $0, db) } ?? [], isRetired: row.optionalTime("retiredAt") != nil)
  }
}
