import Catalog
import Domain
import Synchronization

/// What was asked of a thing, and what the answers were.
struct KnownFacts {
  let needs: FactNeeds
  var facts: ThingFacts
}

/// What rules ask of things beyond how they stand.
extension FleetTable {
  /// What memory has of the facts of a thing.
  func knownFacts(of thingID: Int64) -> ThingFacts? { state.withLock { $0.facts[thingID]?.facts } }

  /// What rules ask of a thing, read from the catalog where memory has nothing.
  func facts(of thingID: Int64, _ needs: FactNeeds) async throws -> ThingFacts {
    while true {
      let (known, before) = state.withLock { ($0.facts[thingID], $0.factChanges[Self.part(thingID)]) }
      if let known, known.needs == needs { return known.facts }
      let read = try await catalog.facts(of: thingID, needs)
      let isCurrent = state.withLock { state in
        guard state.factChanges[Self.part(thingID)] == before else { return false }
        if state.records[thingID] != nil { state.facts[thingID] = KnownFacts(needs: needs, facts: read) }
        return true
      }
      if isCurrent { return read }
    }
  }

  /// Takes values that were just committed of a thing, where memory has facts of it.
  func learn(_ thingID: Int64, _ values: [StoredValue]) {
    state.withLock { state in
      state.factChanges[Self.part(thingID)] += 1
      guard var known = state.facts[thingID] else { return }
      for value in values where known.needs.keys.contains(ResourceKey.granted(value.key)) {
        state.forgetAnswer(of: thingID)
        // Settings and the description are put together in the catalog.
        guard value.key != ResourceKey.description, ResourceKey.settingPath(value.key) == nil,
          let json = try? JSONValue(parsing: value.value)
        else {
          state.facts[thingID] = nil
          return
        }
        if known.facts.values[value.key].map({ value.datetime < $0.datetime }) ?? false { continue }
        known.facts.values[value.key] = .init(value: json, datetime: value.datetime)
      }
      state.facts[thingID] = known
    }
  }

  func forgetFacts(of thingID: Int64) {
    state.withLock { state in
      state.factChanges[Self.part(thingID)] += 1
      state.facts[thingID] = nil
      state.forgetAnswer(of: thingID)
    }
  }

  private static func part(_ thingID: Int64) -> Int { Int(thingID & 255) }
}
