import Catalog
import Domain

/// What rules ask of things beyond how they stand.
extension FleetTable {
  /// What memory has of the facts of a thing.
  func knownFacts(of thingID: Int64) -> ThingFacts? { state.withLock { $0.records[thingID]?.facts }?.facts }

  /// What rules ask of a thing, read from the catalog where memory has nothing.
  func facts(of thingID: Int64, _ needs: FactNeeds) async throws -> ThingFacts {
    while true {
      let (known, before) = state.withLock { ($0.records[thingID]?.facts, $0.changesOfFacts(near: thingID)) }
      if let known, known.needs == needs { return known.facts }
      let read = try await catalog.facts(of: thingID, needs)
      let isCurrent = state.withLock { state in
        guard state.changesOfFacts(near: thingID) == before else { return false }
        guard let record = state.records[thingID] else { return true }
        // What rests on other facts is no longer forgotten when those change, since memory has them no more.
        if record.facts.map({ $0.needs != needs }) ?? false { state.forgetAnswer(of: thingID) }
        record.facts = KnownFacts(read, to: state.share(needs))
        return true
      }
      if isCurrent { return read }
    }
  }

  /// Takes values that were just committed of a thing, where memory has facts of it.
  func learn(_ thingID: Int64, _ values: [StoredValue]) {
    state.withLock { state in
      state.noteFactChange(of: thingID)
      guard let record = state.records[thingID], let known = record.facts else { return }
      let asked = values.filter { known.needs.keys.contains(ResourceKey.granted($0.key)) }
      guard !asked.isEmpty else { return }
      state.forgetAnswer(of: thingID)
      record.facts = known.facts.taking(asked).map { KnownFacts($0, to: known.shared) }
    }
  }

  func forgetFacts(of thingID: Int64) {
    state.withLock { state in
      state.noteFactChange(of: thingID)
      state.records[thingID]?.facts = nil
      state.forgetAnswer(of: thingID)
    }
  }
}

extension FleetTable.State {
  /// Takes facts that were read together with a thing, where memory has none.
  mutating func takeFacts(_ found: TokenOwner) {
    guard !found.needs.isEmpty, let record = records[found.standing.thingID], record.facts == nil else { return }
    record.facts = KnownFacts(found.facts, to: share(found.needs))
  }
}

extension ThingFacts {
  /// With values that were just committed; nil where the catalog has to be asked.
  fileprivate func taking(_ written: [StoredValue]) -> ThingFacts? {
    var facts = self
    for value in written {
      // Settings and the description are put together in the catalog.
      guard value.key != ResourceKey.description, ResourceKey.settingPath(value.key) == nil,
        let json = try? JSONValue(parsing: value.value)
      else { return nil }
      if let known = facts.values[value.key], value.datetime < known.datetime { continue }
      facts.values[value.key] = Value(value: json, datetime: value.datetime)
    }
    return facts
  }
}
