import Catalog
import Cryptography
import Domain
import Synchronization

/// What polls need of things, in memory: filled from the catalog as things come, written back to it.
///
/// A change is computed and queued for the catalog under one lock, so the catalog sees the changes of a thing in the order in
/// which they were made. What was only seen by the server (offers, downloads, last seen) is marked and written by the next
/// `flush`.
final class FleetTable: Sendable {
  /// The first 128 bits of a token's SHA-256.
  struct TokenKey: Hashable {
    let high: UInt64
    let low: UInt64

    init(hash: [UInt8]) {
      high = hash[0..<8].reduce(0) { $0 << 8 | UInt64($1) }
      low = hash[8..<16].reduce(0) { $0 << 8 | UInt64($1) }
    }
  }

  private struct Owner {
    let thingID: Int64
    let expiresAt: Timestamp?

    func thingID(at now: Timestamp) -> Int64? { expiresAt.map { now < $0 } ?? true ? thingID : nil }
  }

  /// What was asked of a thing, and what the answers were.
  struct KnownFacts {
    let needs: FactNeeds
    var facts: ThingFacts
  }

  /// What has to be written of a thing.
  private struct Marks {
    var mcus: Set<Int64> = []
    var firmwares: Set<Int64> = []
    /// Those that have the thing, and those that had it.
    var rollouts: Set<Int64> = []
    var seenAt: Timestamp?

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

    mutating func formUnion(_ other: Marks) {
      mcus.formUnion(other.mcus)
      firmwares.formUnion(other.firmwares)
      rollouts.formUnion(other.rollouts)
      seenAt = seenAt ?? other.seenAt
    }

    /// The rows to write, as the thing stands now.
    func change(of standing: ThingStanding) -> StandingChange {
      StandingChange(
        thingID: standing.thingID, mcus: standing.mcus.filter { mcus.contains($0.mcuID) },
        installations: standing.installations.filter { firmwares.contains($0.firmwareID) },
        deliveries: standing.deliveries.filter { rollouts.contains($0.rolloutID) },
        leftRollouts: rollouts.filter { standing.delivery(of: $0) == nil }.sorted(), lastSeenAt: seenAt)
    }
  }

  private struct State {
    var owners: [TokenKey: Owner] = [:]
    var standings: [Int64: ThingStanding] = [:]
    var marks: [Int64: Marks] = [:]
    /// The newest change of each thing that may not be on the disk yet.
    var pending: [Int64: PendingCommit] = [:]
    /// Grows whenever a thing is forgotten: what was read before is read again.
    var forgettings = 0
    /// Things that were forgotten while changes of them may be queued: they are read behind the queue.
    var behindQueue: Set<Int64> = []
    /// When things were last heard of, of those that memory has.
    var seenAt: [Int64: Timestamp] = [:]
    /// What rules asked of things, as far as it was read.
    var facts: [Int64: KnownFacts] = [:]
    /// Grows for a part of the things whenever the facts of one of them change: what was read before is read again.
    var factChanges = [Int](repeating: 0, count: 256)
  }

  private let state = Mutex(State())
  private let catalog: Catalog
  private let readOwner: @Sendable ([UInt8]) async throws -> TokenOwner?

  /// - Parameter readOwner: how the thing of a token's hash is looked up; the catalog's way where nothing is said.
  init(catalog: Catalog, readOwner: (@Sendable ([UInt8]) async throws -> TokenOwner?)? = nil) {
    self.catalog = catalog
    self.readOwner = readOwner ?? { try await catalog.owner(ofToken: $0) }
  }

  /// The row id of the thing that a token belongs to; nil for a token that is unknown or has ended.
  func identify(_ token: ThingToken, at now: Timestamp) async throws -> Int64? {
    let hash = SHA256Hasher.digest(of: token.secret)
    let key = TokenKey(hash: hash)
    if let owner = state.withLock({ $0.owners[key] }) { return owner.thingID(at: now) }
    while true {
      let before = state.withLock { $0.forgettings }
      guard let found = try await readOwner(hash) else { return nil }
      let thingID = found.standing.thingID
      guard try await load(thingID, found.standing, readAfter: before) != nil else { continue }
      let isCurrent = state.withLock { state in
        guard state.forgettings == before else { return false }
        state.owners[key] = Owner(thingID: thingID, expiresAt: found.expiresAt)
        return true
      }
      if isCurrent { return Owner(thingID: thingID, expiresAt: found.expiresAt).thingID(at: now) }
    }
  }

  /// The same of memory alone, with the thing's standing and what memory has of its facts; nil says nothing.
  func recall(_ token: ThingToken, at now: Timestamp) -> (standing: ThingStanding, facts: KnownFacts?)? {
    let key = TokenKey(hash: SHA256Hasher.digest(of: token.secret))
    return state.withLock { state in
      guard let id = state.owners[key]?.thingID(at: now), let standing = state.standings[id] else { return nil }
      return (standing, state.facts.isEmpty ? nil : state.facts[id])
    }
  }

  /// The same of a thing whose row is known.
  func recall(_ thingID: Int64) -> (standing: ThingStanding, facts: KnownFacts?)? {
    state.withLock { state in
      state.standings[thingID].map { ($0, state.facts.isEmpty ? nil : state.facts[thingID]) }
    }
  }

  /// When a token that `identify` has just found ends; nil for never, and for one that is not in memory.
  func expiry(of token: ThingToken) -> Timestamp? {
    let key = TokenKey(hash: SHA256Hasher.digest(of: token.secret))
    return state.withLock { $0.owners[key]?.expiresAt }
  }

  /// The standing of a thing, read from the catalog where memory has none.
  func standing(of thingID: Int64) async throws -> ThingStanding? {
    while true {
      let (known, before) = state.withLock { ($0.standings[thingID], $0.forgettings) }
      if let known { return known }
      guard let read = try await catalog.standing(of: thingID) else { return nil }
      if let standing = try await load(thingID, read, readAfter: before) { return standing }
    }
  }

  /// Takes what was read of a thing into memory, unless memory has it.
  /// - Parameter before: the forgettings before it was read.
  /// - Returns: what memory has now; nil when something was forgotten meanwhile, and it must be read again.
  private func load(_ thingID: Int64, _ read: ThingStanding, readAfter before: Int) async throws -> ThingStanding? {
    var read = read
    if state.withLock({ $0.behindQueue.contains(thingID) }) {
      guard let newer = try await catalog.standingBehindQueue(of: thingID) else { return nil }
      read = newer
    }
    return state.withLock { state in
      guard state.forgettings == before else { return nil }
      if let known = state.standings[thingID] { return known }
      state.standings[thingID] = read
      state.behindQueue.remove(thingID)
      return read
    }
  }

  /// Notes what the server itself saw of a thing. It is written by the next flush and may be lost in a crash.
  /// - Parameter change: returns whether it has changed anything.
  func observe(_ thingID: Int64, at now: Timestamp, _ change: (inout ThingStanding) -> Bool) {
    state.withLock { state in
      guard var standing = state.standings[thingID] else { return }
      var marks = state.marks[thingID] ?? Marks()
      marks.seenAt = now
      state.seenAt[thingID] = now
      if change(&standing), let before = state.standings[thingID] {
        marks.add(from: before, to: standing)
        state.standings[thingID] = standing
      }
      state.marks[thingID] = marks
    }
  }

  /// Changes a thing by the passing of time, and queues the change: it was not seen by that.
  func expire(_ thingID: Int64, _ change: (inout ThingStanding) -> Void) throws -> PendingCommit? {
    try self.change(thingID, seenAt: nil) { standing in
      change(&standing)
      return nil
    }
  }

  /// The same for a thing that seems to be silent, unless it has been heard meanwhile.
  /// - Parameter moment: since when it must not have been heard of.
  func silence(
    _ thingID: Int64, since moment: Timestamp, _ change: (inout ThingStanding) -> Void
  ) throws -> PendingCommit? {
    let isHeard = state.withLock { $0.seenAt[thingID].map { $0 > moment } ?? false }
    return isHeard ? nil : try expire(thingID, change)
  }

  /// What memory has of the facts of a thing.
  func knownFacts(of thingID: Int64) -> ThingFacts? { state.withLock { $0.facts[thingID]?.facts } }

  /// Changes a thing by what it said, and queues the change.
  /// - Parameter change: changes the standing and returns the values to store with it, if any; may throw, and then nothing
  ///   has happened.
  /// - Returns: the commit to wait for: of this change, or of an earlier one that is not on the disk yet when nothing has
  ///   changed, since what is acknowledged rests on that; nil when there is none.
  func change(
    _ thingID: Int64, seenAt now: Timestamp?, _ change: (inout ThingStanding) throws -> ResourceBatch?
  ) throws -> PendingCommit? {
    try state.withLock { state in
      guard let before = state.standings[thingID] else {
        throw ServiceError(.unavailable, "the thing is being changed: try again")
      }
      var after = before
      let batch = try change(&after)
      if let now {
        state.marks[thingID, default: Marks()].seenAt = now
        state.seenAt[thingID] = now
      }
      guard after != before || batch != nil else { return state.pending[thingID] }
      state.standings[thingID] = after
      var marks = Marks()
      marks.add(from: before, to: after)
      let rows = marks.change(of: after)
      let pending = batch.map { catalog.record([rows], $0) } ?? catalog.record([rows])
      state.pending[thingID] = pending
      return pending
    }
  }

  /// Takes firmwares off a thing's record, in memory and in the catalog.
  func retry(_ firmwareIDs: Set<Int64>, of thingID: Int64, audit: AuditEntry) -> PendingCommit {
    state.withLock { state in
      if var standing = state.standings[thingID] {
        // A rollout goes on with a thing that failed; it counts as failed there until it has succeeded.
        standing.installations.removeAll { firmwareIDs.contains($0.firmwareID) }
        for index in standing.mcus.indices where standing.mcus[index].firmwareID.map(firmwareIDs.contains) ?? false {
          standing.mcus[index].firmwareID = nil
        }
        state.standings[thingID] = standing
        state.marks[thingID]?.firmwares.subtract(firmwareIDs)
      }
      return catalog.retry(Array(firmwareIDs), of: thingID, audit: audit)
    }
  }

  /// Counts things among those of a rollout that wait, unless it has them already, in memory and in the catalog.
  func enroll(_ thingIDs: [Int64], _ delivery: Delivery) -> PendingCommit {
    state.withLock { state in
      // What is being read of a thing now may not have it.
      state.forgettings += 1
      for id in thingIDs where state.standings[id]?.delivery(of: delivery.rolloutID) == nil {
        state.standings[id]?.deliveries.append(delivery)
      }
      return catalog.enroll(thingIDs, delivery)
    }
  }

  /// Pardons what has failed of a rollout, in memory and in the catalog.
  func pardon(_ rolloutID: Int64) -> PendingCommit {
    state.withLock { state in
      for (id, standing) in state.standings {
        guard var delivery = standing.delivery(of: rolloutID), delivery.state.isFailure else { continue }
        delivery.isPardoned = true
        state.standings[id]?.set(delivery)
      }
      return catalog.pardon(rolloutID)
    }
  }

  /// Notes that a commit's outcome is known.
  func settled(_ commit: PendingCommit, of thingID: Int64) {
    state.withLock { state in
      if state.pending[thingID] === commit { state.pending[thingID] = nil }
    }
  }

  /// Drops what memory holds of a thing; the catalog has it, or will tell that it is gone.
  func forget(_ thingID: Int64) {
    state.withLock { state in
      state.forgettings += 1
      state.behindQueue.insert(thingID)
      state.marks[thingID] = nil
      state.pending[thingID] = nil
      state.facts[thingID] = nil
      state.seenAt[thingID] = nil
      // Tokens are only held of things that are; looking for them costs a pass over all.
      guard state.standings.removeValue(forKey: thingID) != nil else { return }
      state.owners = state.owners.filter { $0.value.thingID != thingID }
    }
  }

  /// Writes what was marked, and returns when that and all that was queued before is on the disk: what a query sees next is no
  /// older than what memory held at the call.
  /// - Throws: when it could not be written; the marks are kept for the next time.
  func flush() async throws {
    let (pending, marks) = state.withLock { state -> (PendingCommit, [Int64: Marks]) in
      let marks = state.marks
      state.marks = [:]
      let rows = marks.compactMap { thingID, marks in
        state.standings[thingID].map { marks.change(of: $0) }
      }
      return (catalog.record(rows), marks)
    }
    do {
      try await pending.wait()
    } catch {
      state.withLock { state in
        for (thingID, lost) in marks {
          var merged = state.marks[thingID] ?? Marks()
          merged.formUnion(lost)
          state.marks[thingID] = merged
        }
      }
      throw error
    }
  }

  // MARK: Facts

  /// What rules ask of a thing, read from the catalog where memory has nothing.
  func facts(of thingID: Int64, _ needs: FactNeeds) async throws -> ThingFacts {
    while true {
      let (known, before) = state.withLock { ($0.facts[thingID], $0.factChanges[Self.part(thingID)]) }
      if let known, known.needs == needs { return known.facts }
      let read = try await catalog.facts(of: thingID, needs)
      let isCurrent = state.withLock { state in
        guard state.factChanges[Self.part(thingID)] == before else { return false }
        if state.standings[thingID] != nil { state.facts[thingID] = KnownFacts(needs: needs, facts: read) }
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
    }
  }

  private static func part(_ thingID: Int64) -> Int { Int(thingID & 255) }
}
