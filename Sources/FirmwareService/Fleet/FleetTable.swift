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

  /// What has to be written of a thing.
  private struct Marks {
    var mcus: Set<Int64> = []
    var firmwares: Set<Int64> = []
    var seenAt: Timestamp?
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

  /// The same of memory alone, with the thing's standing; nil says nothing.
  func recall(_ token: ThingToken, at now: Timestamp) -> ThingStanding? {
    let key = TokenKey(hash: SHA256Hasher.digest(of: token.secret))
    return state.withLock { state in state.owners[key]?.thingID(at: now).flatMap { state.standings[$0] } }
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
  /// - Parameter change: returns the MCUs and firmwares whose rows it changed; none for nothing.
  func observe(
    _ thingID: Int64, at now: Timestamp, _ change: (inout ThingStanding) -> [(mcuID: Int64, firmwareID: Int64)]
  ) {
    state.withLock { state in
      guard var standing = state.standings[thingID] else { return }
      var marks = state.marks[thingID] ?? Marks()
      marks.seenAt = now
      let changed = change(&standing)
      for (mcuID, firmwareID) in changed {
        marks.mcus.insert(mcuID)
        marks.firmwares.insert(firmwareID)
      }
      if !changed.isEmpty { state.standings[thingID] = standing }
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
      if let now { state.marks[thingID, default: Marks()].seenAt = now }
      guard after != before || batch != nil else { return state.pending[thingID] }
      state.standings[thingID] = after
      let rows = StandingChange(
        thingID: thingID, mcus: after.mcus.filter { !before.mcus.contains($0) },
        installations: after.installations.filter { !before.installations.contains($0) })
      let pending = batch.map { catalog.record([rows], $0) } ?? catalog.record([rows])
      state.pending[thingID] = pending
      return pending
    }
  }

  /// Takes firmwares off a thing's record, in memory and in the catalog.
  func retry(_ firmwareIDs: Set<Int64>, of thingID: Int64, audit: AuditEntry) -> PendingCommit {
    state.withLock { state in
      if var standing = state.standings[thingID] {
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
        state.standings[thingID].map { standing in
          StandingChange(
            thingID: thingID, mcus: standing.mcus.filter { marks.mcus.contains($0.mcuID) },
            installations: standing.installations.filter { marks.firmwares.contains($0.firmwareID) },
            lastSeenAt: marks.seenAt)
        }
      }
      return (catalog.record(rows), marks)
    }
    do {
      try await pending.wait()
    } catch {
      state.withLock { state in
        for (thingID, lost) in marks {
          var merged = state.marks[thingID] ?? Marks()
          merged.mcus.formUnion(lost.mcus)
          merged.firmwares.formUnion(lost.firmwares)
          merged.seenAt = merged.seenAt ?? lost.seenAt
          state.marks[thingID] = merged
        }
      }
      throw error
    }
  }
}
