import Catalog
import Cryptography
import Domain

/// What polls need of things, in memory: filled from the catalog as things come, written back to it.
///
/// A change is computed and queued for the catalog under one lock, so the catalog sees the changes of a thing in the order in
/// which they were made. What was only seen by the server (offers, downloads) is marked and written by the next `flush`; when
/// things were heard of is written by `flushHeard`, each part of them when its turn comes.
final class FleetTable: Sendable {
  /// What memory has of all things.
  struct State: ~Copyable {
    private(set) var records = RecordTable<Int64>()
    /// By the first of their tokens that came.
    private var owners = RecordTable<TokenKey>()
    /// When tokens end, of those that do.
    private(set) var expiries: [TokenKey: Timestamp] = [:]
    /// The tokens of things that have several in memory, but for the first, and the other way round.
    private var furtherKeys: [Int64: [TokenKey]] = [:]
    private var furtherOwners: [TokenKey: ThingRecord] = [:]
    /// What changed of things and is not queued yet.
    var marks: [Int64: FleetMarks] = [:]
    /// The same of what may be written later.
    var deferredMarks = DeferredMarks()
    /// Things that were heard of since that was written last.
    var heard = HeardThings()
    /// The newest change of each thing that may not be on the disk yet.
    var pending: [Int64: PendingCommit] = [:]
    /// Grows whenever a thing is forgotten: what was read before is read again.
    var forgettings = 0
    /// Things that were forgotten while changes of them may be queued: they are read behind the queue.
    var behindQueue: Set<Int64> = []
    /// What rules ask of things now, so that those of which the same is asked share it.
    private var needs: [FactNeeds: SharedNeeds] = [:]
    /// Grows for a part of the things whenever the facts of one of them change: what was read before is read again.
    private var factChanges = [Int](repeating: 0, count: 256)
    /// The same for all of them together.
    private(set) var allFactChanges = 0
    /// Grows with each change of what answers rest on.
    private var revisions: UInt64 = 0

    /// The thing of a token that memory has, if that has not ended.
    func record(of key: TokenKey, at now: Timestamp) -> ThingRecord? {
      guard let record = record(of: key) else { return nil }
      return expiries.isEmpty || expiries[key].map { now < $0 } ?? true ? record : nil
    }

    /// The same, whether the token has ended or not.
    func record(of key: TokenKey) -> ThingRecord? {
      owners[key] ?? (furtherOwners.isEmpty ? nil : furtherOwners[key])
    }

    /// Has what `record(of:)` reads come near the processor for all of these together.
    func expect(_ keys: some Collection<TokenKey>) { owners.prefetch(keys) }

    /// What was answered to the same poll before, where that still holds.
    mutating func recallAnswer(to poll: RepeatedPoll, of generation: UInt64, at now: Timestamp) -> AnswerMark? {
      guard let record = record(of: poll.key, at: now), let answer = record.answer(to: poll.query, of: generation) else {
        return nil
      }
      see(record, at: now)
      return answer
    }

    mutating func see(_ record: ThingRecord, at now: Timestamp) {
      record.seenAt = now
      guard !record.isNewlySeen else { return }
      record.isNewlySeen = true
      heard.insert(record.thingID)
    }

    private mutating func nextRevision() -> UInt64 {
      revisions += 1
      return revisions
    }

    mutating func take(_ standing: ThingStanding) {
      records.insert(ThingRecord(standing, revision: nextRevision()))
    }

    /// The one object for these needs. Those of rollouts that have ended go with the thousandth.
    mutating func share(_ needs: FactNeeds) -> SharedNeeds {
      if let shared = self.needs[needs] { return shared }
      if self.needs.count == 1000 { self.needs = [:] }
      let shared = SharedNeeds(needs)
      self.needs[needs] = shared
      return shared
    }

    mutating func set(_ standing: ThingStanding, of record: ThingRecord) {
      record.replace(standing, revision: nextRevision())
    }

    /// Of the part of the things that this one belongs to.
    func changesOfFacts(near thingID: Int64) -> Int { factChanges[Int(thingID & 255)] }

    mutating func noteFactChange(of thingID: Int64) {
      factChanges[Int(thingID & 255)] += 1
      allFactChanges += 1
    }

    /// The next poll of the thing is decided anew.
    mutating func forgetAnswer(of thingID: Int64) { records[thingID]?.forgetAnswer(revision: nextRevision()) }

    /// Takes a token of a thing that memory has.
    mutating func hold(_ key: TokenKey, of thingID: Int64, until end: Timestamp?) {
      guard let record = records[thingID] else { return }
      expiries[key] = end
      if record.key == .none {
        record.key = key
        owners.insert(record)
      }
      guard record.key != key, furtherOwners[key] !== record else { return }
      furtherOwners[key] = record
      furtherKeys[thingID, default: []].append(key)
    }

    mutating func drop(_ thingID: Int64) {
      guard let record = records.remove(thingID) else { return }
      owners.remove(record.key)
      expiries[record.key] = nil
      for key in furtherKeys.removeValue(forKey: thingID) ?? [] {
        furtherOwners[key] = nil
        expiries[key] = nil
      }
    }
  }

  /// What memory has of a thing, with the number of its last change.
  struct KnownThing {
    let standing: ThingStanding
    let facts: KnownFacts?
    let revision: UInt64

    init(_ record: ThingRecord) {
      (standing, facts, revision) = (record.standing, record.facts, record.revision)
    }
  }

  let state = FleetLock(State())
  let catalog: Catalog
  private let readOwner: @Sendable ([UInt8]) async throws -> TokenOwner?

  /// - Parameters:
  ///   - releases: tell what is to be read of a thing together with it.
  ///   - readOwner: how the thing of a token's hash is looked up; the catalog's way where nothing is said.
  init(
    catalog: Catalog, releases: ReleaseIndex = ReleaseIndex(),
    readOwner: (@Sendable ([UInt8]) async throws -> TokenOwner?)? = nil
  ) {
    self.catalog = catalog
    let reading = OwnerReading { hashes in
      try await catalog.owners(ofTokens: hashes) { releases.snapshot.needs(ofModel: $0) }
    }
    self.readOwner = readOwner ?? { try await reading.owner(ofToken: $0) }
  }

  /// The row id of the thing that a token belongs to; nil for a token that is unknown or has ended.
  func identify(_ token: ThingToken, at now: Timestamp) async throws -> Int64? {
    let key = TokenKey(token)
    let known = state.withLock { state in state.record(of: key).map { _ in state.record(of: key, at: now)?.thingID } }
    if let known { return known }
    let hash = SHA256Hasher.digest(of: token.secret)
    while true {
      let (before, factChanges) = state.withLock { ($0.forgettings, $0.allFactChanges) }
      guard let found = try await readOwner(hash) else { return nil }
      let thingID = found.standing.thingID
      guard try await load(thingID, found.standing, readAfter: before) != nil else { continue }
      let isCurrent = state.withLock { state in
        guard state.forgettings == before else { return false }
        state.hold(key, of: thingID, until: found.expiresAt)
        // Else they are read by themselves.
        if state.allFactChanges == factChanges { state.takeFacts(found) }
        return true
      }
      if isCurrent { return found.expiresAt.map { now < $0 } ?? true ? thingID : nil }
    }
  }

  /// The same of memory alone, with what memory has of the thing; nil says nothing.
  func recall(_ token: ThingToken, at now: Timestamp) -> KnownThing? {
    let key = TokenKey(token)
    return state.withLock { state in state.record(of: key, at: now).map(KnownThing.init) }
  }

  /// The same of a thing whose row is known.
  func recall(_ thingID: Int64) -> KnownThing? {
    state.withLock { state in state.records[thingID].map(KnownThing.init) }
  }

  // MARK: Remembered answers

  /// What the thing of a poll was answered last, where it asks the same of the same releases and nothing has changed since.
  /// Notes that the thing was heard of.
  /// - Parameter generation: that of the releases.
  func recallAnswer(to poll: RepeatedPoll, of generation: UInt64, at now: Timestamp) -> AnswerMark? {
    state.withLock { $0.recallAnswer(to: poll, of: generation, at: now) }
  }

  /// The same for several polls: each has its answer afterwards.
  func recallAnswers(to polls: inout [RepeatedPoll], of generation: UInt64, at now: Timestamp) {
    state.withLock { state in
      if polls.count > 1 { state.expect(polls.lazy.map(\.key)) }
      polls.withUnsafeMutableBufferPointer { polls in
        for place in polls.indices { polls[place].answer = state.recallAnswer(to: polls[place], of: generation, at: now) }
      }
    }
  }

  /// Keeps the answer to a poll for the next one that asks the same.
  /// - Parameter revision: of the thing, as it was before the answer was made: where it has changed since, nothing is kept.
  func remember(_ answer: KnownOffers, of thingID: Int64, to query: UInt64, at revision: UInt64) {
    state.withLock { state in
      guard let record = state.records[thingID], record.revision == revision else { return }
      record.remember(answer, to: query)
    }
  }

  // MARK: Standings

  /// When a token that `identify` has just found ends; nil for never, and for one that is not in memory.
  func expiry(of token: ThingToken) -> Timestamp? {
    let key = TokenKey(token)
    return state.withLock { $0.expiries[key] }
  }

  /// The standing of a thing, read from the catalog where memory has none.
  func standing(of thingID: Int64) async throws -> ThingStanding? {
    while true {
      let (known, before) = state.withLock { ($0.records[thingID]?.standing, $0.forgettings) }
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
      if let known = state.records[thingID] { return known.standing }
      state.take(read)
      state.behindQueue.remove(thingID)
      return read
    }
  }

  /// Notes that a thing was heard of. It is written by a later `flushHeard` and may be lost in a crash.
  func hear(_ thingID: Int64, at now: Timestamp) {
    state.withLock { state in
      if let record = state.records[thingID] { state.see(record, at: now) }
    }
  }

  /// The same where nothing has changed that answers to the thing rest on.
  /// - Parameters:
  ///   - key: the token by which it comes; nil where it comes by another way.
  ///   - revision: that of the thing.
  func hear(_ thingID: Int64, by key: TokenKey?, ifStill revision: UInt64, at now: Timestamp) -> Bool {
    state.withLock { state in
      guard let record = state.records[thingID], record.revision == revision else { return false }
      if let key, state.record(of: key, at: now) !== record { return false }
      state.see(record, at: now)
      return true
    }
  }

  /// When things were last heard of, of those that were since memory has them; the catalog may not know yet.
  func heardTimes(of thingIDs: [Int64]) -> [Int64: Timestamp] {
    state.withLock { state in
      Dictionary(
        thingIDs.compactMap { id in state.records[id]?.seenAt.map { (id, $0) } }, uniquingKeysWith: { first, _ in first })
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
    let isHeard = state.withLock { $0.records[thingID]?.seenAt.map { $0 > moment } ?? false }
    return isHeard ? nil : try expire(thingID, change)
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
      guard let record = state.records[thingID] else {
        throw ServiceError(.unavailable, "the thing is being changed: try again")
      }
      let before = record.standing
      var after = before
      let batch = try change(&after)
      if let now { state.see(record, at: now) }
      guard after != before || batch != nil else { return state.pending[thingID] }
      state.set(after, of: record)
      var marks = FleetMarks()
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
      if let record = state.records[thingID] {
        var standing = record.standing
        // A rollout goes on with a thing that failed; it counts as failed there until it has succeeded.
        standing.installations.removeAll { firmwareIDs.contains($0.firmwareID) }
        for index in standing.mcus.indices where standing.mcus[index].firmwareID.map(firmwareIDs.contains) ?? false {
          standing.mcus[index].firmwareID = nil
        }
        state.set(standing, of: record)
        state.marks[thingID]?.firmwares.subtract(firmwareIDs)
      }
      return catalog.retry(Array(firmwareIDs), of: thingID, audit: audit)
    }
  }

  /// Pardons what has failed of a rollout, in memory and in the catalog.
  func pardon(_ rolloutID: Int64) -> PendingCommit {
    state.withLock { state in
      // What is being read of a thing now may not have it.
      state.forgettings += 1
      for record in state.records.filter({ $0.hasDelivery(of: rolloutID) }) {
        var standing = record.standing
        guard var delivery = standing.delivery(of: rolloutID), delivery.state.isFailure else { continue }
        delivery.isPardoned = true
        standing.set(delivery)
        state.set(standing, of: record)
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

  /// Drops what memory holds of a thing; the catalog has it, or will tell that it is gone. When it was heard of is written.
  func forget(_ thingID: Int64) {
    state.withLock { state in
      if let record = state.records[thingID], record.isNewlySeen, let seenAt = record.seenAt {
        _ = catalog.recordHeard([thingID]) { _ in [HeardTime(thingID: thingID, at: seenAt)] }
      }
      state.forgettings += 1
      state.behindQueue.insert(thingID)
      state.marks[thingID] = nil
      _ = state.deferredMarks.remove(thingID)
      state.pending[thingID] = nil
      state.drop(thingID)
    }
  }
}
