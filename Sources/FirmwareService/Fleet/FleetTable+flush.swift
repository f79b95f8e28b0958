import Catalog
import Domain
import Synchronization

/// Which rows of a thing have changed and are not written yet.
struct FleetMarks {
  var firmwares: Set<Int64> = []
  private var mcus: Set<Int64> = []
  /// Those that have the thing, and those that had it.
  private var rollouts: Set<Int64> = []

  mutating func add(from before: ThingStanding, to after: ThingStanding) {
    for mcu in after.mcus where !before.mcus.contains(mcu) { mcus.insert(mcu.mcuID) }
    for installation in after.installations where !before.installations.contains(installation) {
      firmwares.insert(installation.firmwareID)
    }
    guard before.deliveries != after.deliveries else { return }
    for delivery in after.deliveries where !before.deliveries.contains(delivery) { rollouts.insert(delivery.rolloutID) }
    for delivery in before.deliveries where after.delivery(of: delivery.rolloutID) == nil {
      rollouts.insert(delivery.rolloutID)
    }
  }

  mutating func formUnion(_ other: FleetMarks) {
    mcus.formUnion(other.mcus)
    firmwares.formUnion(other.firmwares)
    rollouts.formUnion(other.rollouts)
  }

  /// The rows to write, as the thing stands now.
  func change(of standing: ThingStanding, lastSeenAt: Timestamp?) -> StandingChange {
    StandingChange(
      thingID: standing.thingID, mcus: standing.mcus.filter { mcus.contains($0.mcuID) },
      installations: standing.installations.filter { firmwares.contains($0.firmwareID) },
      deliveries: standing.deliveries.filter { rollouts.contains($0.rolloutID) },
      leftRollouts: rollouts.filter { standing.delivery(of: $0) == nil }.sorted(), lastSeenAt: lastSeenAt)
  }
}

extension FleetTable {
  /// Writes what was marked, and returns when that and all that was queued before is on the disk: what a query sees next is no
  /// older than what memory held at the call.
  /// - Throws: when it could not be written; the marks are kept for the next time.
  func flush() async throws {
    let (pending, marks, seen) = state.withLock { state in
      let (marks, seen) = (state.marks, state.newlySeen.map(\.thingID))
      return (catalog.record(state.takeChanges()), marks, seen)
    }
    do {
      try await pending.wait()
    } catch {
      state.withLock { state in
        for (thingID, lost) in marks where state.records[thingID] != nil {
          state.marks[thingID, default: FleetMarks()].formUnion(lost)
        }
        for thingID in seen {
          if let record = state.records[thingID], let seenAt = record.seenAt { state.see(record, at: seenAt) }
        }
      }
      throw error
    }
  }
}

extension FleetTable.State {
  /// What is to be written of the things that were marked, which no longer are.
  fileprivate mutating func takeChanges() -> [StandingChange] {
    var rows: [StandingChange] = []
    rows.reserveCapacity(newlySeen.count)
    for record in newlySeen where !record.isForgotten {
      record.isNewlySeen = false
      let seenAt = record.seenAt
      if marks.isEmpty {
        rows.append(StandingChange(thingID: record.thingID, lastSeenAt: seenAt))
      } else if let marks = marks.removeValue(forKey: record.thingID) {
        rows.append(marks.change(of: record.standing, lastSeenAt: seenAt))
      } else {
        rows.append(StandingChange(thingID: record.thingID, lastSeenAt: seenAt))
      }
    }
    newlySeen.removeAll()
    for (thingID, marks) in marks {
      if let record = records[thingID] { rows.append(marks.change(of: record.standing, lastSeenAt: nil)) }
    }
    marks = [:]
    return rows
  }
}
