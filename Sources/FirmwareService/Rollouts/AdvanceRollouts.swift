import Catalog
import Domain
import Logging
import Rollouts
import Synchronization

extension FirmwareService {
  /// Things that are looked at together when a stage opens.
  private static let thingsAtOnce = 500

  /// Moves every rollout on by what is known now: starts those whose time has come, counts the things of stages that have
  /// opened, takes note of silent things, opens the next stage, halts, finishes.
  ///
  /// Each step is a transaction that decides anew by what it finds there, so it may be cut at any point and done again.
  /// - Parameter countsStages: whether to do here what `countStages()` does.
  public func advanceRollouts(countsStages: Bool = true) async throws {
    pace.beginCounting()
    // Those who wait are not what a rollout hurries for; no step is taken before all is written.
    try await flushPressingObservations()
    // Of those that have finished, only silence is left to be noticed.
    let rollouts = releases.snapshot.rollouts.filter { rollout in
      rollout.state == .scheduled || rollout.state == .running || rollout.state == .finished && rollout.plan.silence != nil
    }
    let counts = try await translatingErrors { try await catalog.rolloutCounts(of: rollouts.map(\.id)) }
    for rollout in rollouts {
      let counts = counts[rollout.id] ?? []
      noteCounts(counts, of: rollout)
      do { try await advance(rollout, counts) } catch let error as ServiceError {
        // One that cannot be moved on must not hold up the others.
        log.error("a rollout could not be moved on", metadata: ["id": "\(rollout.publicID)", "error": "\(error)"])
      }
    }
    if countsStages { try await countStages() }
  }

  /// Counts the things of stages that have opened, which takes as long as reading all things of their models.
  public func countStages() async throws {
    while true {
      let next = releases.snapshot.rollouts.first { rollout in
        rollout.state == .running && rollout.newestStage.map { rollout.stages[$0].countedAt == nil } ?? false
      }
      guard let next, let stage = next.newestStage else { return }
      try await count(stage, of: next)
      guard let counted = releases.snapshot.rules(next.id)?.rollout, counted.state == .running else { continue }
      try await advance(next.id)
    }
  }

  private func advance(_ rollout: Rollout, _ counts: [RolloutCount]) async throws {
    switch rollout.state {
    case .scheduled: try await startWhenDue(rollout)
    case .running:
      try await noteSilence(in: rollout, counts)
      try await advance(rollout.id, counts)
    default: try await noteSilence(in: rollout, counts)
    }
  }

  private func noteCounts(_ counts: [RolloutCount], of rollout: Rollout) {
    func total(_ states: DeliveryState...) -> Int {
      counts.reduce(0) { $0 + (states.contains($1.state) ? $1.count : 0) }
    }
    pace.counted(rollout.id, inFlight: total(.offered, .downloading), succeeded: total(.confirmed, .claimed))
    if progress.hasMoved(rollout.id, counts) {
      tell([
        RolloutEvent(
          rolloutID: rollout.publicID, model: modelName(rollout.modelID), at: clock(), kind: .progressed,
          details: Dictionary(
            grouping: counts, by: \.state.rawValue
          ).mapValues { String($0.reduce(0) { $0 + $1.count }) })
      ])
    }
  }

  private func startWhenDue(_ rollout: Rollout) async throws {
    let now = clock()
    guard let startAt = rollout.plan.startAt, now >= startAt else { return }
    let model = modelName(rollout.modelID)
    let needsApproval = releases.snapshot.modelsByID[rollout.modelID]?.fourEyes ?? false
    try await change(rollout.id) { rollout, _ in
      guard rollout.state == .scheduled else { return [] }
      guard !needsApproval || rollout.approvedBy != nil else {
        // Four eyes were asked for after it had been scheduled.
        rollout.state = .draft
        return [RolloutEvent(rolloutID: rollout.publicID, model: model, at: now, kind: .approvalNeeded)]
      }
      (rollout.state, rollout.startedAt) = (.running, now)
      return [RolloutEvent(rolloutID: rollout.publicID, model: model, at: now, kind: .started)]
    }
    try await advance(rollout.id)
  }

  /// Takes one step after another until there is nothing to do but to wait.
  /// - Parameter counts: as they were read last; nil to read them.
  private func advance(_ id: Int64, _ counts: [RolloutCount]? = nil) async throws {
    var known = counts
    while true {
      guard let rollout = releases.snapshot.rules(id)?.rollout, rollout.state == .running else { return }
      // Nothing is concluded from a stage before its things are counted.
      if let stage = rollout.newestStage, rollout.stages[stage].countedAt == nil { return }
      let now = clock()
      let counts: [RolloutCount]
      if let read = known {
        (counts, known) = (read, nil)
      } else {
        counts = try await translatingErrors { try await catalog.rolloutCounts(of: [id]) }[id] ?? []
      }
      guard RolloutProgress.next(rollout, counts, at: now) != nil else { return }
      try await flushObservations()
      let model = modelName(rollout.modelID)
      try await change(id) { rollout, counts in
        guard let step = RolloutProgress.next(rollout, counts, at: now) else { return [] }
        return Self.take(step, &rollout, at: now).map { kind, details in
          RolloutEvent(rolloutID: rollout.publicID, model: model, at: now, kind: kind, details: details)
        }
      }
    }
  }

  private static func take(
    _ step: RolloutProgress.Step, _ rollout: inout Rollout, at now: Timestamp
  ) -> [(RolloutEvent.Kind, [String: String])] {
    switch step {
    case .open(let stage):
      rollout.stages[stage].openedAt = now
      return [(.stageOpened, ["stage": String(stage + 1)])]
    case .satisfied(let stage, let isSatisfied):
      rollout.stages[stage].satisfiedAt = isSatisfied ? now : nil
      let asks = isSatisfied && rollout.plan.approval && rollout.stages[stage].approvedBy == nil
      return asks ? [(.approvalNeeded, ["stage": String(stage + 2)])] : []
    case .halt(let reason):
      (rollout.state, rollout.haltReason, rollout.endedAt) = (.halted, reason, now)
      return [(.halted, ["reason": reason])]
    case .finish:
      (rollout.state, rollout.endedAt) = (.finished, now)
      return [(.finished, [:])]
    }
  }

  // MARK: Things of a stage

  /// Counts the things that a stage has which has just opened: those that are known and belong to it wait from now on.
  private func count(_ stage: Int, of rollout: Rollout) async throws {
    guard let rules = releases.snapshot.rules(rollout.id) else { return }
    let now = clock()
    let waiting = Delivery(
      rolloutID: rollout.id, stage: stage, state: .waiting, reason: DeliveryProgress.notSeen, since: now)
    var began = ContinuousClock.now
    let isWhole = try await forEachThing(of: rules) { views in
      let found = views.filter { view in
        guard view.standing.delivery(of: rollout.id) == nil else { return false }
        if case .stage(stage, _) = RolloutMembership.of(view, in: rules, releases.snapshot) { return true }
        return false
      }.map(\.standing.thingID)
      if !found.isEmpty { try await translatingErrors { try await fleet.enroll(found, waiting) } }
      // Half of the time at most: nobody waits for it as devices do for their answers.
      if views.count == Self.thingsAtOnce { try await Task.sleep(for: .now - began) }
      began = .now
      return releases.snapshot.rules(rollout.id)?.rollout.state == .running
    }
    // What was cut short, by a pause or the end of the service, is counted again from the start.
    guard isWhole else { return }
    try await change(rollout.id) { rollout, _ in
      if rollout.state == .running { rollout.stages[stage].countedAt = now }
      return []
    }
  }

  /// Goes through the things of a rollout's model, as the catalog has them.
  /// - Parameter body: returns whether to go on.
  /// - Returns: whether it came to the end of them.
  @discardableResult
  func forEachThing(of rules: RolloutRules, _ body: ([ThingView]) async throws -> Bool) async throws -> Bool {
    let now = clock()
    guard let model = releases.snapshot.modelsByID[rules.rollout.modelID] else { return true }
    if rules.needs.times { try await flushSightings() }
    var after: Int64 = 0
    while true {
      try Task.checkCancellation()
      let from = after
      let rows = try await translatingErrors {
        try await catalog.thingRows(
          of: model.id, after: from, limit: Self.thingsAtOnce, rules.needs,
          deliveriesOf: [rules.rollout.id] + (rules.rollout.revertOf.map { [$0] } ?? []))
      }
      guard let last = rows.last else { return true }
      after = last.standing.thingID
      let views = rows.map { ThingView($0, model: model, at: now) }
      guard try await body(views) else { return false }
    }
  }

  // MARK: Silence

  /// Takes note of things that were told to update and have not been heard of for too long. While the service was not there,
  /// nobody could be heard: that time does not count.
  private func noteSilence(in rollout: Rollout, _ counts: [RolloutCount]) async throws {
    let now = clock()
    guard let silence = rollout.plan.silence, counts.contains(where: { $0.state.isInFlight && $0.count > 0 }) else { return }
    guard now.milliseconds - servingSince.load(ordering: .relaxed) >= silence * 1000 else { return }
    let moment = now.adding(seconds: -silence)
    let downloadOnly = rollout.plan.downloadOnly
    let things = try await translatingErrors {
      try await catalog.silentThings(of: rollout.id, since: moment, downloadOnly: downloadOnly, limit: 10_000)
    }
    // Of those that were heard of the catalog may not know yet: they must not take the place of others the next time.
    try await translatingErrors { try await fleet.flushHeard(of: things) }
    var commits: [(PendingCommit, Int64)] = []
    for thingID in things {
      guard try await translatingErrors({ try await fleet.standing(of: thingID) }) != nil else { continue }
      let commit = try fleet.silence(thingID, since: moment) { standing in
        guard let delivery = standing.delivery(of: rollout.id),
          let next = DeliveryProgress.silenced(delivery, downloadOnly: downloadOnly, at: now)
        else { return }
        standing.set(next)
      }
      if let commit { commits.append((commit, thingID)) }
    }
    for (commit, thingID) in commits { try await settle(commit, of: thingID) }
  }

  /// The service's clock has leapt: whoever was not heard in the time that was left out may well have been there.
  func restartSilence() { servingSince.store(clock().milliseconds, ordering: .relaxed) }
}

extension ThingView {
  /// A thing as rollouts see it while it does not ask itself.
  init(_ row: ThingRow, model: Model, at now: Timestamp) {
    self.init(row.standing, model: model, facts: row.facts, at: now, isPresent: false)
  }
}
