import Domain

/// What the server sees of things by itself: kept in memory, and written by the next `flush`.
extension FleetTable {
  /// Notes that a thing was heard of, and what the server itself saw of it.
  /// - Parameter change: returns whether it has changed anything.
  func observe(_ thingID: Int64, at now: Timestamp, _ change: (inout ThingStanding) -> Bool) {
    state.withLock { state in
      guard let record = state.records[thingID] else { return }
      state.see(record, at: now)
      let before = record.standing
      var after = before
      if change(&after) { state.mark(record, from: before, to: after) }
    }
  }

  /// The same where it takes long to work out what was seen: that is done while others have the lock, and done again where the
  /// thing has changed meanwhile.
  /// - Parameters:
  ///   - known: what memory had of the thing.
  ///   - isAdmitted: asked under the lock, last of all: whether it may be so; else it is worked out again.
  ///   - change: returns whether it has changed anything, and does nothing else.
  func observe(
    _ known: KnownThing, at now: Timestamp, if isAdmitted: () -> Bool, _ change: (inout ThingStanding) -> Bool
  ) {
    var next: KnownThing? = known
    while let known = next {
      var after = known.standing
      let hasChanged = change(&after)
      next = state.withLock { state in
        guard let record = state.records[known.standing.thingID] else { return nil }
        guard record.revision == known.revision, isAdmitted() else { return KnownThing(record) }
        state.see(record, at: now)
        if hasChanged { state.mark(record, from: known.standing, to: after) }
        return nil
      }
    }
  }
}

extension FleetTable.State {
  /// Takes how a thing stands now, to be written by the next `flush`.
  fileprivate mutating func mark(_ record: ThingRecord, from before: ThingStanding, to after: ThingStanding) {
    guard after != before else { return }
    if FleetMarks.mayWait(from: before, to: after) {
      deferredMarks.add(from: before, to: after)
    } else {
      marks[record.thingID, default: FleetMarks()].add(from: before, to: after)
    }
    set(after, of: record)
  }
}
