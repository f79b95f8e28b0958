import APIContract
import Domain
import FirmwareService

/// How rollouts look in the operators' API, and how they are read from it.
extension RolloutOrder {
  /// The stages of a rollout where none are given.
  private static let standardStages = ["1%", "10%", "100%"]

  /// Reads an order; what is left out has the default of `RolloutPlan`.
  init(_ new: NewRollout) throws {
    var plan = RolloutPlan()
    plan.target = new.target
    plan.gate = new.gate
    if let success = new.success { plan.success = try Self.share("success", success) }
    if let haltAt = new.haltAt { plan.haltAt = haltAt == "never" ? nil : try Self.share("haltAt", haltAt) }
    plan.minSample = new.minSample ?? plan.minSample
    plan.soak = new.soak ?? plan.soak
    if let silence = new.silence { plan.silence = silence == 0 ? nil : silence }
    plan.windows = new.windows ?? []
    plan.startAt = new.startAt
    plan.rate = new.rate
    plan.rateDoublesEvery = new.rateDoublesEvery
    plan.concurrent = new.concurrent
    plan.priority = new.priority ?? plan.priority
    plan.downloadOnly = new.downloadOnly ?? plan.downloadOnly
    plan.attempts = new.attempts ?? plan.attempts
    plan.consent = new.consent ?? plan.consent
    plan.approval = new.approval ?? plan.approval
    self.init(
      model: new.model, firmwares: new.firmwares ?? [], version: new.version,
      stages: try (new.stages ?? Self.standardStages).map(Self.scope), plan: plan,
      usesStandardSilence: new.silence == nil)
  }

  private static func scope(_ text: String) throws -> RolloutStage.Scope {
    if text.hasPrefix("tag:"), case let name = String(text.dropFirst(4)), PrintableText.isName(name) { return .tag(name) }
    guard let share = RolloutShare.parse(text) else {
      throw APIError.malformed("stages: \(text): a share such as 10% or a tag such as tag:canary is needed")
    }
    return .share(share)
  }

  /// Reads `95%`, also `0%`.
  private static func share(_ name: String, _ text: String) throws -> Double {
    if text == "0%" { return 0 }
    guard let share = RolloutShare.parse(text) else {
      throw APIError.malformed("\(name): a share from 0% to 100% is needed")
    }
    return Double(share) / Double(RolloutShare.whole)
  }
}

extension RolloutFirmware {
  init(_ firmware: Firmware) {
    self.init(id: firmware.publicID, mcu: firmware.mcu, version: firmware.version.text)
  }
}

extension RolloutShape {
  init(_ report: RolloutReport) {
    let rollout = report.rollout
    func counts(_ stage: Int?) -> [RolloutCount] { report.counts.filter { stage == nil || $0.stage == stage } }
    func byReason(_ stage: Int, _ isAsked: (DeliveryState) -> Bool) -> [String: Int] {
      Dictionary(
        counts(stage).filter { isAsked($0.state) }.map { ($0.reason.isEmpty ? "-" : $0.reason, $0.count) },
        uniquingKeysWith: +)
    }
    self.init(
      id: rollout.publicID, model: report.model.name, state: rollout.state, publication: rollout.isPublication,
      firmwares: report.firmwares.map { RolloutFirmware($0) }, revertOf: report.revertOf,
      plan: RolloutPlanShape(
        rollout.plan, success: Self.percent(rollout.plan.success), haltAt: rollout.plan.haltAt.map(Self.percent) ?? "never"),
      stages: rollout.stages.enumerated().map { place, stage in
        RolloutStageShape(
          share: stage.scope.text, state: report.stageStates[place], openedAt: stage.openedAt,
          satisfiedAt: stage.satisfiedAt, counts: Self.sum(counts(place)), waiting: byReason(place) { $0 == .waiting },
          failures: byReason(place) { $0 == .failed || $0 == .rejected })
      },
      counts: Self.sum(counts(nil)), bytesPerSecond: report.bytesPerSecond, haltReason: rollout.haltReason,
      needs: report.needs, createdAt: rollout.createdAt, createdBy: rollout.createdBy, startedAt: rollout.startedAt,
      endedAt: rollout.endedAt, approvedBy: rollout.approvedBy)
  }

  private static func sum(_ counts: [RolloutCount]) -> DeliveryCounts {
    DeliveryCounts(Dictionary(counts.map { ($0.state, $0.count) }, uniquingKeysWith: +))
  }

  private static func percent(_ share: Double) -> String {
    share == 0 ? "0%" : RolloutShare.text(Int((share * Double(RolloutShare.whole)).rounded()))
  }
}

extension RolloutPreviewShape {
  init(_ preview: RolloutPreview) {
    self.init(
      model: preview.model.name, firmwares: preview.firmwares.map { RolloutFirmware($0) }, things: preview.things,
      stages: preview.stages.map { stage in
        StagePreview(share: stage.scope.text, things: stage.things, held: stage.held, sample: stage.sample)
      },
      excluded: preview.exclusions.reduce(0) { $0 + $1.things },
      exclusions: preview.exclusions.map { exclusion in
        Exclusion(reason: exclusion.reason, clause: exclusion.clause, things: exclusion.things, sample: exclusion.sample)
      })
  }
}

extension ExplanationShape {
  init(_ account: ThingAccount) {
    self.init(
      thing: account.publicID, model: account.model.name, at: account.at,
      mcus: account.mcus.map { mcu in
        MCUExplanation(
          mcu: mcu.mcu.name, running: mcu.running, offer: mcu.offer?.text, reason: mcu.reason.rawValue,
          explanation: mcu.reason.explanation, decidedBy: mcu.decidedBy, rollouts: mcu.rollouts.map { .init($0) })
      })
  }
}

extension RolloutExplanation {
  init(_ account: RolloutAccount) {
    self.init(
      rollout: account.publicID, version: account.version?.text, state: account.state, outcome: account.outcome,
      reason: account.reason.rawValue,
      clauses: account.clauses.map { clause in
        ClauseShape(
          check: clause.check, clause: clause.text, value: clause.value, holds: clause.holds,
          note: clause.note, decides: clause.decides)
      })
  }
}
