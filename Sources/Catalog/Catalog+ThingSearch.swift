public import Domain
import GRDB

/// Which things a list is to have; what is nil asks for nothing.
public struct ThingFilter: Sendable {
  public var modelID: Int64?
  /// Only of these models.
  public var models: Set<Int64>?
  /// How the id, or the name at the DDI door, begins.
  public var idPrefix: String?
  public var tag: String?
  /// What is activated and not retired.
  public var isActive = false
  /// What was not seen after that moment, or never.
  public var notSeenAfter: Timestamp?
  /// What last said that it runs the version on one of these MCUs; with no version, what has said none.
  public var running: (mcuIDs: Set<Int64>, version: String?)?

  public init(modelID: Int64? = nil) { self.modelID = modelID }

  /// Whether it leaves out things of a model.
  fileprivate var isSelective: Bool {
    idPrefix != nil || tag != nil || isActive || notSeenAfter != nil || running != nil
  }
}

/// What a part of a search has found.
public struct FoundThings: Sendable {
  /// Newest first.
  public let things: [Thing]
  /// The row id of the last thing that was looked at; nil where there are no more.
  public let lookedTo: Int64?
}

/// Searches of things, in the order of lists. None reads more than it was told to.
extension Catalog {
  /// Fewer rows than this are all taken from an index, in any order; of more, enough are found on the way through the list.
  private static let fewRows = 10_000

  /// Things, newest first.
  /// - Parameters:
  ///   - after: the row id of the last thing that was looked at before.
  ///   - most: how many things are looked at, where the filter leaves out any.
  public func things(
    matching filter: ThingFilter, after: Int64?, limit: Int, looking most: Int
  ) async throws -> FoundThings {
    try await read { db in
      let reach = try Self.reach(of: filter, below: after ?? .max, most, db)
      var (conditions, arguments) = try Self.conditions(of: filter)
      switch reach.things {
      case .from(let first):
        conditions += ["thing.id < :below", "thing.id >= :first"]
        (arguments["below"], arguments["first"]) = (after ?? .max, first)
      case .among(let ids):
        conditions += ["thing.id IN (SELECT value FROM json_each(:among))"]
        arguments["among"] = try jsonText(ids)
      }
      arguments["limit"] = limit + 1
      let things = try Row.fetchAll(
        db,
        sql: """
          \(Self.namedThings) WHERE \(conditions.joined(separator: " AND ")) ORDER BY thing.id DESC LIMIT :limit
          """, arguments: StatementArguments(arguments)
      ).map(Self.thing)
      guard things.count > limit else { return FoundThings(things: things, lookedTo: reach.lookedTo) }
      return FoundThings(things: Array(things.prefix(limit)), lookedTo: things[limit - 1].id)
    }
  }

  /// Where a part of a search looks, and how far that is.
  private struct Reach {
    enum Things { case from(Int64), among([Int64]) }
    let things: Things
    let lookedTo: Int64?
  }

  private static func reach(of filter: ThingFilter, below: Int64, _ most: Int, _ db: Database) throws -> Reach {
    guard filter.isSelective else { return Reach(things: .from(.min), lookedTo: nil) }
    if let few = try fewThings(of: filter, db) {
      let ids = few.filter { $0 < below }.sorted(by: >)
      let part = Array(ids.prefix(most))
      return Reach(things: .among(part), lookedTo: ids.count > most ? part.last : nil)
    }
    if let tag = filter.tag {
      let ids = try Int64.fetchAll(
        db, sql: "SELECT thingId FROM tag WHERE name = ? AND thingId < ? ORDER BY thingId DESC LIMIT ?",
        arguments: [tag, below, most + 1])
      let part = Array(ids.prefix(most))
      return Reach(things: .among(part), lookedTo: ids.count > most ? part.last : nil)
    }
    let ids = try Int64.fetchAll(
      db,
      sql: """
        SELECT id FROM thing WHERE id < ? \(filter.modelID == nil ? "" : "AND modelId = ?") ORDER BY id DESC
        LIMIT 2 OFFSET ?
        """,
      arguments: StatementArguments([below] + (filter.modelID.map { [$0] } ?? []) + [Int64(most) - 1]))
    guard let first = ids.first else { return Reach(things: .from(.min), lookedTo: nil) }
    return Reach(things: .from(first), lookedTo: ids.count > 1 ? first : nil)
  }

  /// The things that an index finds, where they are few; nil where they are many, or no index knows.
  private static func fewThings(of filter: ThingFilter, _ db: Database) throws -> [Int64]? {
    if let prefix = filter.idPrefix {
      let (things, arguments) = range("publicId", prefix)
      let ids = try Int64.fetchAll(
        db, sql: "SELECT id FROM thing WHERE \(things) LIMIT \(fewRows + 1)", arguments: StatementArguments(arguments))
      let named = try Int64.fetchAll(
        db,
        sql: """
          SELECT thingId FROM controller WHERE \(range("controllerId", prefix).condition) AND thingId IS NOT NULL
          LIMIT \(fewRows + 1)
          """, arguments: StatementArguments(arguments))
      let all = Set(ids).union(named)
      if all.count <= fewRows { return Array(all) }
    }
    if let running = filter.running, let version = running.version {
      let ids = try Int64.fetchAll(
        db,
        sql: """
          SELECT thingId FROM thingMCU INDEXED BY thingMCUByRunning
          WHERE mcuId IN (SELECT value FROM json_each(?)) AND running = ? LIMIT \(fewRows + 1)
          """, arguments: [try jsonText(running.mcuIDs), version])
      if ids.count <= fewRows { return ids }
    }
    return nil
  }

  /// The filter as conditions on `namedThings`. The plus signs keep the order of the list: what an index finds best was asked
  /// for before.
  private static func conditions(
    of filter: ThingFilter
  ) throws -> (conditions: [String], arguments: [String: (any DatabaseValueConvertible)?]) {
    var conditions: [String] = []
    var arguments: [String: (any DatabaseValueConvertible)?] = [:]
    if let modelID = filter.modelID {
      conditions.append("thing.modelId = :model")
      arguments["model"] = modelID
    }
    if let models = filter.models {
      conditions.append("+thing.modelId IN (SELECT value FROM json_each(:models))")
      arguments["models"] = try jsonText(models)
    }
    if let prefix = filter.idPrefix {
      let (publicIDs, bounds) = range("+publicId", prefix)
      conditions.append("(\(publicIDs) OR \(range("+controllerId", prefix).condition))")
      arguments.merge(bounds) { $1 }
    }
    if let tag = filter.tag {
      conditions.append("EXISTS (SELECT 1 FROM tag WHERE thingId = thing.id AND name = :tag)")
      arguments["tag"] = tag
    }
    if filter.isActive { conditions.append("thing.activatedAt IS NOT NULL AND thing.retiredAt IS NULL") }
    if let moment = filter.notSeenAfter {
      conditions.append("(thing.lastSeenAt IS NULL OR thing.lastSeenAt <= :moment)")
      arguments["moment"] = moment.milliseconds
    }
    if let running = filter.running {
      let said = "SELECT 1 FROM thingMCU WHERE thingId = thing.id AND mcuId IN (SELECT value FROM json_each(:mcus))"
      arguments["mcus"] = try jsonText(running.mcuIDs)
      if let version = running.version {
        conditions.append("EXISTS (\(said) AND running = :version)")
        arguments["version"] = version
      } else {
        conditions.append("NOT EXISTS (\(said) AND running IS NOT NULL)")
        conditions.append(
          "+thing.modelId IN (SELECT mcu.modelId FROM mcu WHERE id IN (SELECT value FROM json_each(:mcus)))")
      }
    }
    return (conditions, arguments)
  }

  /// That a text begins with a prefix, as a range of the column's index.
  private static func range(
    _ column: String, _ prefix: String
  ) -> (condition: String, arguments: [String: (any DatabaseValueConvertible)?]) {
    guard let end = endOfRange(prefix) else { return ("\(column) >= :prefix", ["prefix": prefix]) }
    return ("(\(column) >= :prefix AND \(column) < :prefixEnd)", ["prefix": prefix, "prefixEnd": end])
  }

  /// The first text, in the order of UTF-8's bytes, behind all that begin with the prefix; nil where there is none.
  static func endOfRange(_ prefix: String) -> String? {
    var scalars = Array(prefix.unicodeScalars)
    while let last = scalars.popLast() {
      // Surrogates are no scalars.
      let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
      guard let scalar = Unicode.Scalar(next) else { continue }
      var text = String.UnicodeScalarView()
      text.append(contentsOf: scalars)
      text.append(scalar)
      return String(text)
    }
    return nil
  }
}
