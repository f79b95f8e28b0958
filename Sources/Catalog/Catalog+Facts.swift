public import Domain
import Foundation
import GRDB

/// A thing as the rules of rollouts see it.
public struct ThingRow: Sendable {
  public let standing: ThingStanding
  public let facts: ThingFacts
}

/// What the rules of rollouts ask of things.
extension Catalog {
  public func facts(of thingID: Int64, _ needs: FactNeeds) async throws -> ThingFacts {
    try await read { try Self.facts(of: thingID, needs, $0) }
  }

  static func facts(of thingID: Int64, _ needs: FactNeeds, _ db: Database) throws -> ThingFacts {
    try facts(.between(thingID, thingID), needs, db)[thingID] ?? ThingFacts()
  }

  /// The same of things by their row ids, whatever became of them, with what they run.
  public func thingRows(_ thingIDs: [Int64], _ needs: FactNeeds) async throws -> [ThingRow] {
    guard !thingIDs.isEmpty else { return [] }
    return try await read { db in
      let choice = try ThingChoice.among(thingIDs)
      let things = try Row.fetchAll(
        db, sql: "SELECT id, publicId, modelId FROM thing WHERE \(choice.holds("id"))", arguments: choice.arguments)
      return try Self.rows(of: things, choice, needs, db)
    }
  }

  /// Things of a model in the order of their row ids, retired ones left out, with what they run.
  /// - Parameter rolloutIDs: which deliveries are read with them.
  public func thingRows(
    of modelID: Int64, after: Int64, limit: Int, _ needs: FactNeeds, deliveriesOf rolloutIDs: [Int64] = []
  ) async throws -> [ThingRow] {
    try await read { db in
      let things = try Row.fetchAll(
        db,
        sql: """
          SELECT id, publicId, modelId FROM thing WHERE modelId = ? AND id > ? AND retiredAt IS NULL AND activatedAt IS NOT NULL
          ORDER BY id LIMIT ?
          """, arguments: [modelID, after, limit])
      guard let first = things.first?["id"] as Int64?, let last = things.last?["id"] as Int64? else { return [] }
      var deliveries: [Int64: [Delivery]] = [:]
      for rolloutID in rolloutIDs {
        let rows = try Row.fetchAll(
          db, sql: "SELECT * FROM delivery WHERE rolloutId = ? AND thingId BETWEEN ? AND ?",
          arguments: [rolloutID, first, last])
        for row in rows { deliveries[row["thingId"], default: []].append(try Self.delivery(row)) }
      }
      return try Self.rows(of: things, .between(first, last), needs, deliveries: deliveries, db)
    }
  }

  private static func rows(
    of things: [Row], _ choice: ThingChoice, _ needs: FactNeeds, deliveries: [Int64: [Delivery]] = [:], _ db: Database
  ) throws -> [ThingRow] {
    let mcus = Dictionary(
      grouping: try Row.fetchAll(
        db, sql: "SELECT thingId, mcuId, running FROM thingMCU WHERE \(choice.holds("thingId"))",
        arguments: choice.arguments),
      by: { $0["thingId"] as Int64 })
    let facts = try Self.facts(choice, needs, db)
    return things.map { row in
      let id: Int64 = row["id"]
      return ThingRow(
        standing: ThingStanding(
          thingID: id, publicID: row["publicId"], modelID: row["modelId"],
          mcus: (mcus[id] ?? []).map { MCUStanding(mcuID: $0["mcuId"], running: $0["running"]) }, installations: [],
          deliveries: deliveries[id] ?? []),
        facts: facts[id] ?? ThingFacts())
    }
  }

  /// Which things are read together.
  private struct ThingChoice {
    let arguments: StatementArguments
    private let condition: String

    static func between(_ first: Int64, _ last: Int64) -> ThingChoice {
      ThingChoice(arguments: [first, last], condition: "BETWEEN ? AND ?")
    }

    static func among(_ thingIDs: [Int64]) throws -> ThingChoice {
      ThingChoice(arguments: [try jsonText(thingIDs)], condition: "IN (SELECT value FROM json_each(?))")
    }

    func holds(_ column: String) -> String { "\(column) \(condition)" }
  }

  private static func facts(
    _ choice: ThingChoice, _ needs: FactNeeds, _ db: Database
  ) throws -> [Int64: ThingFacts] {
    var facts: [Int64: ThingFacts] = [:]
    let bounds = choice.arguments
    if needs.times {
      let rows = try Row.fetchCursor(
        db.cachedStatement(sql: "SELECT id, activatedAt, lastSeenAt FROM thing WHERE \(choice.holds("id"))"),
        arguments: bounds)
      while let row = try rows.next() {
        facts[row["id"], default: ThingFacts()].activatedAt = row.optionalTime("activatedAt")
        facts[row["id"], default: ThingFacts()].lastSeenAt = row.optionalTime("lastSeenAt")
      }
    }
    if needs.tags {
      let rows = try Row.fetchCursor(
        db.cachedStatement(sql: "SELECT thingId, name FROM tag WHERE \(choice.holds("thingId")) ORDER BY thingId, name"),
        arguments: bounds)
      while let row = try rows.next() { facts[row["thingId"], default: ThingFacts()].tags.append(row["name"]) }
    }
    if needs.owner {
      let rows = try Row.fetchCursor(
        db.cachedStatement(
          sql: """
            SELECT ownership.thingId AS thingId, appUser.email AS email FROM ownership
            JOIN appUser ON appUser.id = ownership.userId
            WHERE \(choice.holds("ownership.thingId")) AND ownership.endedAt IS NULL
            """), arguments: bounds)
      while let row = try rows.next() { facts[row["thingId"], default: ThingFacts()].owner = row["email"] }
    }
    if needs.controllerID {
      let rows = try Row.fetchCursor(
        db.cachedStatement(sql: "SELECT thingId, controllerId FROM controller WHERE \(choice.holds("thingId"))"),
        arguments: bounds)
      while let row = try rows.next() { facts[row["thingId"], default: ThingFacts()].controllerID = row["controllerId"] }
    }
    for key in needs.keys.sorted() { try addValues(of: key, choice, to: &facts, db) }
    return facts
  }

  /// The newest value of a resource of each thing that has it.
  private static func addValues(
    of key: String, _ choice: ThingChoice, to facts: inout [Int64: ThingFacts], _ db: Database
  ) throws {
    let rows = try Row.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT resource.thingId AS thingId, newest.value AS value, newest.datetime AS datetime
          FROM currentResource AS resource JOIN resourceValue AS newest ON newest.resourceId = resource.id
            AND (newest.datetime, newest.arrival) = (SELECT datetime, arrival FROM resourceValue
              WHERE resourceId = resource.id ORDER BY datetime DESC, arrival DESC LIMIT 1)
          WHERE \(choice.holds("resource.thingId")) AND resource.key = ?
          """), arguments: choice.arguments + [key])
    while let row = try rows.next() {
      guard let value = try? JSONValue(parsing: row["value"] as String) else { continue }
      facts[row["thingId"], default: ThingFacts()].values[key] = .init(value: value, datetime: row.time("datetime"))
    }
  }
}
