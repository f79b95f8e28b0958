import Catalog
import Domain

extension FleetTable {
  /// How many things are looked at while the lock is held. Polls wait for it: with all that is done of a thing, these take some
  /// tenths of a millisecond.
  private static let thingsAtOnce = 32
  /// How many things the writer is given before it is waited for.
  private static let thingsTogether = 256
  /// How many times the writer is given before others may have their turn.
  private static let timesTogether = 1024

  /// Writes what was marked, and returns when that and all that was queued before is on the disk: what a query sees next is no
  /// older than what memory held at the call, but for when things were heard of.
  /// - Throws: when it could not be written; the marks are kept for the next time.
  func flush() async throws {
    try await flush(state.withLock { Array($0.marks.keys) + $0.deferredMarks.things })
  }

  /// The same of what must not wait, and of what may where that is little.
  /// - Parameter turn: whose turn it is of what may wait; nil for nobody's.
  func flushPressing(turn: Int? = nil) async throws {
    try await flush(
      state.withLock { state in
        let waits = state.deferredMarks
        let rest = waits.count <= DeferredMarks.few ? waits.things : turn.map { waits.things(ofTurn: $0) }
        return Array(state.marks.keys) + (rest ?? [])
      })
  }

  private func flush(_ things: [Int64]) async throws {
    var rest = things.sorted()[...]
    repeat {
      let together = rest.prefix(Self.thingsTogether)
      rest = rest.dropFirst(Self.thingsTogether)
      var (queued, failure) = (queueMarks(of: together), (any Error)?.none)
      // Where nothing is marked, what was queued before is waited for all the same.
      if queued.isEmpty { queued = [(catalog.record([]), [:])] }
      for (pending, taken) in queued {
        do { try await pending.wait() } catch {
          keep(taken)
          failure = error
        }
      }
      if let failure { throw failure }
    } while !rest.isEmpty
  }

  /// Queues the rows of things that were marked, which no longer are: each commit with what its things were marked with.
  private func queueMarks(of things: ArraySlice<Int64>) -> [(PendingCommit, [Int64: FleetMarks])] {
    parts(of: things).map { part in
      state.withLock { state in
        let (rows, taken) = state.takeMarks(of: part)
        return (catalog.record(rows), taken)
      }
    }
  }

  /// Marks things again with what could not be written.
  private func keep(_ taken: [Int64: FleetMarks]) {
    state.withLock { state in
      for (thingID, lost) in taken where state.records[thingID] != nil {
        state.marks[thingID, default: FleetMarks()].formUnion(lost)
      }
    }
  }

  private func parts(of things: ArraySlice<Int64>) -> [ArraySlice<Int64>] {
    stride(from: things.startIndex, to: things.endIndex, by: Self.thingsAtOnce).map { first in
      things[first..<min(first + Self.thingsAtOnce, things.endIndex)]
    }
  }

  /// Counts things among those of a rollout that wait, unless it has them already, in memory and in the catalog. Returns when
  /// that is on the disk.
  func enroll(_ thingIDs: [Int64], _ delivery: Delivery) async throws {
    let queued = parts(of: thingIDs[...]).map { part in
      state.withLock { state in
        // What is being read of a thing now may not have it.
        state.forgettings += 1
        for id in part {
          guard let record = state.records[id], !record.hasDelivery(of: delivery.rolloutID) else { continue }
          var standing = record.standing
          standing.deliveries.append(delivery)
          state.set(standing, of: record)
        }
        return catalog.enroll(Array(part), delivery)
      }
    }
    for pending in queued { try await pending.wait() }
  }

  /// Writes when all things were last heard of, and returns when that and all that was queued before is on the disk.
  /// - Throws: when it could not be written; it is kept for the next time.
  func flushHeard() async throws {
    try await flushHeard(Array(0..<HeardThings.partCount))
    // Others may have taken things out to write them.
    try await catalog.recordHeard([]) { _ in [] }.wait()
  }

  /// The same for some parts of the things.
  /// - Parameter parts: of `HeardThings`.
  func flushHeard(_ parts: [Int]) async throws {
    var pending: [PendingCommit] = []
    var count = 0
    for part in parts {
      // Queued under the lock: whoever finds nothing here any more waits behind it.
      let taken = state.withLock { state -> (things: [Int64], commit: PendingCommit)? in
        let things = state.heard.take(part)
        return things.isEmpty ? nil : (things, recordHeard(things))
      }
      if let (things, commit) = taken {
        keep(things, ifLost: commit)
        pending.append(commit)
        count += things.count
      }
      guard count >= Self.timesTogether else { continue }
      for commit in pending { try await commit.wait() }
      (pending, count) = ([], 0)
    }
    for commit in pending { try await commit.wait() }
  }

  /// In how many turns it is to be written when things were last heard of.
  func turnsOfHeard(atLeast fewest: Int) -> Int { state.withLock { $0.heard.turns(atLeast: fewest) } }

  /// Writes when certain things were last heard of, where memory knows.
  func flushHeard(of thingIDs: [Int64]) async throws {
    guard !thingIDs.isEmpty else { return }
    let commit = recordHeard(thingIDs.sorted())
    keep(thingIDs, ifLost: commit)
    try await commit.wait()
  }

  private func recordHeard(_ thingIDs: [Int64]) -> PendingCommit {
    catalog.recordHeard(thingIDs) { [self] things in
      parts(of: things).flatMap { part in
        state.withLock { state in
          state.records.prefetch(part)
          return part.compactMap { state.heardTime(of: $0) }
        }
      }
    }
  }

  /// Sees to it that times are written the next time where they are not now. Not under the lock: it may be known at once.
  private func keep(_ thingIDs: [Int64], ifLost commit: PendingCommit) {
    commit.whenDone { [self] outcome in
      guard case .failure = outcome else { return }
      state.withLock { state in for thingID in thingIDs { state.keepHeard(thingID) } }
    }
  }
}

extension FleetTable.State {
  /// What is to be written of things that were marked, which no longer are, and what they were marked with.
  fileprivate mutating func takeMarks(
    of thingIDs: ArraySlice<Int64>
  ) -> (rows: [StandingChange], taken: [Int64: FleetMarks]) {
    var rows: [StandingChange] = []
    var taken: [Int64: FleetMarks] = [:]
    for thingID in thingIDs {
      var marks = marks.removeValue(forKey: thingID)
      if let deferred = deferredMarks.remove(thingID) {
        marks?.formUnion(deferred)
        marks = marks ?? deferred
      }
      guard let marks, let record = records[thingID] else { continue }
      rows.append(marks.change(of: record.standing))
      taken[thingID] = marks
    }
    return (rows, taken)
  }

  /// When a thing was last heard of, which is being written.
  fileprivate func heardTime(of thingID: Int64) -> HeardTime? {
    guard let record = records[thingID], let seenAt = record.seenAt else { return nil }
    record.isNewlySeen = false
    return HeardTime(thingID: thingID, at: seenAt)
  }

  /// It could not be written.
  fileprivate mutating func keepHeard(_ thingID: Int64) {
    guard let record = records[thingID], record.seenAt != nil else { return }
    record.isNewlySeen = true
    heard.insert(thingID)
  }
}
