public import Domain

/// Whether a thing belongs to a rollout, looked at from outside: when a stage opens, and before anything starts. What the thing
/// itself does afterwards is for `OfferDecision`.
public enum RolloutMembership: Sendable {
  /// The place of the first stage that holds it, and why the rollout would have nothing for it just now, if so.
  case stage(Int, held: OfferReason?)
  /// - Parameter clause: of the target, the comparison on which it rests.
  case excluded(OfferReason, clause: String?)

  public static func of(_ view: ThingView, in rules: RolloutRules, _ releases: any ReleaseLookup) -> RolloutMembership {
    if let target = rules.target, !target.matches(view) {
      let clause = target.explain(view).clauses.first { $0.decides }
      return .excluded(.notInTarget, clause: clause?.text)
    }
    let goal = rules.goal(for: view.standing)
    guard !goal.isEmpty else { return .excluded(.nothingToRevert, clause: nil) }
    var exclusion: OfferReason?
    var isWanted = false
    var unmet: OfferReason?
    for item in goal {
      guard let firmware = releases.firmware(item.firmwareID) else { continue }
      switch reason(firmware, view, rules, releases) {
      case nil: isWanted = true
      case .requirementNotMet:
        isWanted = true
        unmet = .requirementNotMet
      case let reason?: exclusion = exclusion ?? reason
      }
    }
    guard isWanted else { return .excluded(exclusion ?? .nothingPublished, clause: nil) }
    guard let stage = rules.stage(of: view) else { return .excluded(.stageNotOpen, clause: nil) }
    if let unmet { return .stage(stage, held: unmet) }
    if let gate = rules.gate, !gate.matches(view) { return .stage(stage, held: .gateClosed) }
    return .stage(stage, held: nil)
  }

  private static func reason(
    _ firmware: Firmware, _ view: ThingView, _ rules: RolloutRules, _ releases: any ReleaseLookup
  ) -> OfferReason? {
    if firmware.isWithdrawn { return .withdrawn }
    if let running = view.running(firmware.mcuID) {
      if running == firmware.version.text { return .upToDate }
      if let reverted = rules.rollout.revertOf,
        releases.rules(reverted)?.firmwares[firmware.mcuID]?.version.text != running
      {
        return .nothingToRevert
      }
      let registered = releases.firmware(mcuID: firmware.mcuID, version: running)
      if rules.rollout.revertOf == nil, OfferDecision.isOlder(firmware, than: running, registered: registered) {
        return .olderThanRunning
      }
    }
    guard rules.rollout.revertOf == nil, let requirement = rules.requirements[firmware.id] else { return nil }
    return requirement.matches(view) ? nil : .requirementNotMet
  }
}
