import Catalog
public import Domain
import Rollouts

/// What things are searched by; all that is given must hold.
public struct ThingSearch: Sendable {
  /// The id, or the name at the DDI door, or how one of them begins.
  public var id: String?
  public var tag: String?
  /// RSQL, of active things, as a rollout's target has it.
  public var expression: String?
  /// Seconds for which an active thing was not seen.
  public var silentFor: Int64?
  /// `MCU=VERSION`; with no version behind the sign, what has said none.
  public var running: String?

  public init() {}
}

/// A thing in a list.
public struct ListedThing: Sendable {
  public let thing: Thing
  /// By name.
  public let tags: [String]
  /// The version that each MCU last said it runs, by the MCU's name.
  public let running: [String: String]

  public var publicID: String { thing.publicID }
}

extension FirmwareService {
  /// Things, newest first. A search looks at so many things and no more: a page may have fewer things than asked for, or none,
  /// and a `next` all the same.
  /// - Throws: `unknownModel`, `unknownMCU`, `malformed`, `malformedExpression` with the place of the error.
  public func listThings(
    model name: String?, matching search: ThingSearch = ThingSearch(), within scope: ModelScope = .all, _ page: PageRequest
  ) async throws -> Page<ListedThing> {
    let now = clock()
    let filter = try filter(model: name, search, scope, at: now)
    let condition = try Self.condition(search)
    var lookedTo = try page.rowID()
    // The catalog is asked when things were heard of only where that is searched for: else it need not know.
    let asksForTimes = search.silentFor != nil || condition?.needs.times ?? false
    if asksForTimes { try await flushSightings() } else { try await flushObservations() }
    // Facts are read of every thing that an expression is asked about.
    let atOnce = settings.thingsSearchedAtOnce * (condition == nil ? 10 : 1)
    let most = settings.mostThingsSearched * (condition == nil ? 10 : 1)
    var found: [Thing] = []
    for _ in 0..<max(1, most / atOnce) {
      try Task.checkCancellation()
      let (after, missing) = (lookedTo, page.limit - found.count)
      let part = try await translatingErrors {
        try await catalog.things(
          matching: filter, after: after, limit: condition == nil ? missing : atOnce, looking: atOnce)
      }
      lookedTo = part.lookedTo
      if let condition {
        let matching = try await things(part.things, where: condition, at: now)
        found += matching.prefix(missing)
        if matching.count > missing { lookedTo = found.last?.id }
      } else {
        found += part.things
      }
      if lookedTo == nil || found.count >= page.limit { break }
    }
    return Page(try await listed(found), next: lookedTo.map { String($0) })
  }

  /// The things of which an expression is true, asked as rollouts ask their targets.
  private func things(_ things: [Thing], where condition: Expression, at now: Timestamp) async throws -> [Thing] {
    let models = releases.snapshot.modelsByID
    let rows = try await translatingErrors { try await catalog.thingRows(things.map(\.id), condition.needs) }
    let matching = Set(
      rows.filter { row in
        models[row.standing.modelID].map { condition.matches(ThingView(row, model: $0, at: now)) } ?? false
      }.map(\.standing.thingID))
    return things.filter { matching.contains($0.id) }
  }

  private func listed(_ things: [Thing]) async throws -> [ListedThing] {
    var needs = FactNeeds()
    needs.tags = true
    let models = releases.snapshot.modelsByID
    let rows = try await translatingErrors { [needs] in try await catalog.thingRows(things.map(\.id), needs) }
    let rowsByID = Dictionary(rows.map { ($0.standing.thingID, $0) }, uniquingKeysWith: { first, _ in first })
    let heard = fleet.heardTimes(of: things.map(\.id))
    return things.map { thing in
      var thing = thing
      thing.lastSeenAt = heard[thing.id] ?? thing.lastSeenAt
      let row = rowsByID[thing.id]
      var running: [String: String] = [:]
      for mcu in models[thing.modelID]?.mcus ?? [] { running[mcu.name] = row?.standing.mcu(mcu.id)?.running }
      return ListedThing(thing: thing, tags: row?.facts.tags ?? [], running: running)
    }
  }

  private static func condition(_ search: ThingSearch) throws -> Expression? {
    guard let text = search.expression, !text.allSatisfy(\.isWhitespace) else { return nil }
    do { return try Expression(parsing: text) } catch { throw ServiceError(.malformedExpression, "where: \(error)") }
  }

  private func filter(
    model name: String?, _ search: ThingSearch, _ scope: ModelScope, at now: Timestamp
  ) throws -> ThingFilter {
    for (name, text) in [("id", search.id), ("tag", search.tag), ("running", search.running)] {
      guard text?.utf8.contains(0) != true else { throw ServiceError(.malformed, "\(name): has a NUL character") }
    }
    var filter = ThingFilter(modelID: try name.map { try model($0).id })
    filter.models = modelIDs(in: scope)
    filter.idPrefix = search.id
    filter.tag = search.tag
    filter.notSeenAfter = try search.silentFor.map { now.adding(seconds: -(try Self.checkedSilence($0))) }
    filter.isActive = try search.silentFor != nil || Self.condition(search) != nil
    filter.running = try search.running.map { try running($0, model: name, scope) }
    return filter
  }

  /// - Throws: `unknownMCU` where no model that is asked about has an MCU of that name.
  private func running(
    _ text: String, model name: String?, _ scope: ModelScope
  ) throws -> (mcuIDs: Set<Int64>, version: String?) {
    guard text.utf8.contains(UInt8(ascii: "=")) else {
      throw ServiceError(.malformed, "running: is not MCU=VERSION, such as main=1.0.0")
    }
    let mcus = releases.snapshot.modelsByName.values.filter { model in
      scope.contains(model.name) && name.map { $0 == model.name } ?? true
    }.flatMap(\.mcus)
    // A name may have the sign in it too.
    let named = mcus.filter { text.utf8.starts(with: "\($0.name)=".utf8) }
    guard let mcu = named.min(by: { $0.name.utf8.count < $1.name.utf8.count }) else {
      throw ServiceError(.unknownMCU, "running: there is no MCU of that name")
    }
    let version = String(decoding: text.utf8.dropFirst(mcu.name.utf8.count + 1), as: UTF8.self)
    return (Set(named.filter { $0.name == mcu.name }.map(\.id)), version.isEmpty ? nil : version)
  }
}
