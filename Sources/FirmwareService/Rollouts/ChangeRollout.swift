import Catalog
public import Domain
import Logging
import Rollouts

/// What a person may do to a rollout.
public enum RolloutAction: String, Sendable, CaseIterable { case start, pause, resume, cancel, approve }

extension FirmwareService {
  /// Changes a rollout. It holds for every request that comes after this has returned.
  /// - Throws: `unknownRollout`, `wrongState` where the rollout is not in a state for it.
  public func changeRollout(_ publicID: String, _ action: RolloutAction, by actor: String) async throws -> Rollout {
    let now = clock()
    let rollout = try rollout(publicID)
    guard let model = releases.snapshot.modelsByID[rollout.modelID] else {
      throw ServiceError(.unknownModel, "the model of the rollout is gone")
    }
    let audit = AuditEntry(at: now, actor: actor, action: "rollout.\(action.rawValue)", subject: publicID)
    if action == .resume, rollout.state == .halted {
      // Whoever resumes knows of the failures so far: only what fails from here on halts it again.
      try await translatingErrors { try await fleet.pardon(rollout.id).wait() }
    }
    try await change(rollout.id, audit: audit) { rollout, _ in
      let kind = try Self.apply(action, to: &rollout, model, by: actor, at: now)
      return [RolloutEvent(rolloutID: publicID, model: model.name, at: now, kind: kind, details: ["by": actor])]
    }
    if rollout.isPublication, action == .cancel { try await reloadReleases() }
    return try self.rollout(publicID)
  }

  /// Ends a rollout and starts one that takes its things back to what each of them ran before.
  /// - Throws: `unknownRollout`; `wrongState` where nothing of it was delivered.
  public func revertRollout(_ publicID: String, by actor: String) async throws -> Rollout {
    let now = clock()
    let original = try rollout(publicID)
    guard original.revertOf == nil, original.startedAt != nil else {
      throw ServiceError(.wrongState, "only a rollout that was started, and reverts none itself, can be reverted")
    }
    guard let model = releases.snapshot.modelsByID[original.modelID] else {
      throw ServiceError(.unknownModel, "the model of the rollout is gone")
    }
    // What was offered a moment ago counts.
    try await flushObservations()
    guard try await translatingErrors({ try await catalog.canRevert(original.id) }) else {
      throw ServiceError(.wrongState, "of no thing is known which registered firmware it ran before")
    }
    var plan = original.plan
    (plan.target, plan.startAt) = (nil, nil)
    (plan.consent, plan.downloadOnly) = (false, false)
    if original.isPublication {
      let standard = RolloutPlan()
      (plan.haltAt, plan.minSample, plan.attempts, plan.silence) =
        (standard.haltAt, standard.minSample, standard.attempts, standard.silence)
    }
    var stages = original.stages.map { RolloutStage(scope: $0.scope) }
    // Whoever has it is taken back, whatever part of the fleet the last stage was for.
    if stages.last?.scope != .share(RolloutShare.whole) { stages.append(RolloutStage(scope: .share(RolloutShare.whole))) }
    let needsApproval = model.fourEyes
    let row = NewRolloutRow(
      publicID: Identifiers.firmware(), modelID: model.id, plan: plan, items: [],
      stages: stages, revertOf: original.id,
      state: needsApproval ? .draft : .running, createdBy: actor)
    let audit = AuditEntry(
      at: now, actor: actor, action: "rollout.revert", subject: publicID, details: ["rollout": row.publicID])
    let changes = try await translatingErrors {
      try await catalog.createRollout(
        row, at: now, audit: audit,
        ending: (
          original.id,
          { rollout in
            rollout.state = .cancelled
            rollout.endedAt = now
            return RolloutEvent(
              rolloutID: publicID, model: model.name, at: now, kind: .reverted,
              details: ["by": actor, "rollout": row.publicID])
          }
        )
      ) { rollout in
        RolloutEvent(
          rolloutID: rollout.publicID, model: model.name, at: now, kind: needsApproval ? .created : .started,
          details: ["by": actor, "revertOf": publicID])
      } committed: { [self] in
        announce($0)
      }
    }
    if original.isPublication { try await reloadReleases() }
    guard let rollout = changes.last?.rollout else { throw ServiceError(.unavailable, "the rollout was not created") }
    return rollout
  }

  /// - Throws: `unknownRollout`.
  func rollout(_ publicID: String) throws -> Rollout {
    guard let rules = releases.snapshot.rules(publicID: publicID) else {
      throw ServiceError(.unknownRollout, "there is no rollout \(publicID)")
    }
    return rules.rollout
  }

  /// Changes a rollout in a transaction, and tells of it before this returns.
  func change(
    _ id: Int64, audit: AuditEntry? = nil,
    _ change: @escaping @Sendable (inout Rollout, [RolloutCount]) throws -> [RolloutEvent]
  ) async throws {
    try await translatingErrors {
      try await catalog.changeRollout(id, audit: audit, change) { [self] change in announce([change]) }
    }
  }

  /// Makes what was committed of rollouts hold for every request from here on, and tells who listens.
  func announce(_ changes: [RolloutChange]) {
    guard !changes.isEmpty else { return }
    releases.replace(changes.map(\.rollout))
    tell(changes.flatMap(\.events))
    rolloutSignal.raise()
    stageSignal.raise()
  }

  /// Lets rollouts halt in the transactions that write failures.
  func watchFailures() {
    let releases = releases
    catalog.failures.watch(
      by: { [clock] rollout, counts in
        let now = clock()
        guard let reason = RolloutProgress.haltReason(rollout, counts, at: now) else { return nil }
        let model = releases.snapshot.modelsByID[rollout.modelID]?.name ?? ""
        return (
          reason,
          RolloutEvent(
            rolloutID: rollout.publicID, model: model, at: now, kind: .halted, details: ["reason": reason])
        )
      },
      told: { [weak self] changes in
        self?.announce(changes)
        for change in changes {
          self?.log.warning(
            "a rollout has halted",
            metadata: ["id": "\(change.rollout.publicID)", "reason": "\(change.rollout.haltReason ?? "")"])
        }
      })
  }

  private static func apply(
    _ action: RolloutAction, to rollout: inout Rollout, _ model: Model, by actor: String, at now: Timestamp
  ) throws -> RolloutEvent.Kind {
    func need(_ states: RolloutState...) throws {
      guard states.contains(rollout.state) else {
        throw ServiceError(.wrongState, "the rollout is \(rollout.state.rawValue): it cannot \(action.rawValue) now")
      }
    }
    switch action {
    case .start:
      try need(.draft, .scheduled)
      guard !model.fourEyes || rollout.approvedBy != nil else {
        throw ServiceError(
          .approvalNeeded, "\(model.name) needs the go of a second operator: firmament rollout approve \(rollout.publicID)")
      }
      (rollout.state, rollout.startedAt) = (.running, now)
      return .started
    case .pause:
      try need(.running, .finished)
      rollout.state = .paused
      return .paused
    case .resume:
      try need(.paused, .halted)
      (rollout.state, rollout.haltReason, rollout.endedAt) = (.running, nil, nil)
      return .resumed
    case .cancel:
      try need(.draft, .scheduled, .running, .paused, .halted, .finished)
      (rollout.state, rollout.endedAt) = (.cancelled, now)
      return .cancelled
    case .approve: return try approve(&rollout, model, by: actor, at: now)
    }
  }

  private static func approve(
    _ rollout: inout Rollout, _ model: Model, by actor: String, at now: Timestamp
  ) throws -> RolloutEvent.Kind {
    if rollout.state == .draft, model.fourEyes, rollout.approvedBy == nil {
      guard rollout.createdBy != actor else {
        throw ServiceError(.forbidden, "\(actor) has created the rollout: another operator has to approve it")
      }
      rollout.approvedBy = actor
      if rollout.plan.startAt != nil { rollout.state = .scheduled }
      return .approved
    }
    guard rollout.plan.approval, rollout.state == .running, let newest = rollout.newestStage,
      newest + 1 < rollout.stages.count, rollout.stages[newest].approvedBy == nil,
      rollout.stages[newest].satisfiedAt != nil
    else { throw ServiceError(.wrongState, "the rollout waits for nobody's approval") }
    rollout.stages[newest].approvedBy = actor
    return .approved
  }
}
