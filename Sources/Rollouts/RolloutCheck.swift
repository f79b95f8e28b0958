import Domain

/// The conditions of a rollout, in the order in which they are asked. The first that refuses decides.
public enum RolloutCheck: String, Sendable, Hashable, CaseIterable {
  case state, target, stage, requires, running, history, order, consent, gate, window, pace

  /// All of them; made once, since every poll goes through them.
  static let inOrder = allCases

  /// What a check says.
  enum Ruling: Sendable, Hashable {
    case passes
    /// The rollout does not concern the thing; the next one is asked.
    case skips(OfferReason)
    /// The thing runs what the rollout delivers.
    case current
    /// The rollout concerns the thing, which gets nothing now.
    case holds(OfferReason)
  }

  func ruling(_ rules: RolloutRules, _ firmware: Firmware, _ question: OfferQuestion) -> Ruling {
    let view = question.view
    let delivery = view.standing.delivery(of: rules.rollout.id)
    switch self {
    case .state:
      if firmware.isWithdrawn, view.running(firmware.mcuID) != firmware.version.text { return .skips(.withdrawn) }
      // What no longer concerns the thing does not hold it either.
      guard rules.concerns(firmware, of: view.standing, question.releases) else { return .skips(.nothingToRevert) }
      return Self.state(rules.rollout.state, has: delivery)
    case .target:
      // Whoever was offered it belongs to it until the end: an update may change what the target asks for.
      if let delivery, delivery.state != .waiting { return .passes }
      return rules.target?.matches(view) ?? true ? .passes : .skips(.notInTarget)
    case .stage:
      let stage = delivery?.stage ?? rules.stage(of: view)
      return stage.map { rules.rollout.stages[$0].openedAt != nil } ?? false ? .passes : .skips(.stageNotOpen)
    case .requires:
      guard rules.rollout.revertOf == nil, let requirement = rules.requirements[firmware.id] else { return .passes }
      if view.running(firmware.mcuID) == firmware.version.text { return .passes }
      return requirement.matches(view) ? .passes : .skips(.requirementNotMet)
    case .running: return Self.running(rules, firmware, question)
    case .history:
      if question.isTakenBack(from: firmware, by: rules) { return .skips(.takenBack) }
      return Self.history(view.standing.installation(of: firmware.id), attempts: rules.rollout.plan.attempts)
    case .order: return question.isWhole ? .passes : Self.order(rules, firmware, question)
    case .consent: return rules.rollout.plan.consent && delivery?.consentAt == nil ? .holds(.consentMissing) : .passes
    case .gate: return rules.gate?.matches(view) ?? true ? .passes : .holds(.gateClosed)
    case .window:
      let isOpen = rules.windows.isEmpty || rules.windows.contains { $0.contains(view.now) }
      return isOpen ? .passes : .holds(.outsideWindow)
    case .pace:
      if let delivery, delivery.state != .waiting { return .passes }
      return question.pace(rules).map { .holds($0) } ?? .passes
    }
  }

  /// Whether what it says may change by the passing of time, or by what other things do. Whoever was offered the rollout's
  /// firmware is no longer asked for some of it.
  func dependsOnTime(_ rules: RolloutRules, _ question: OfferQuestion) -> Bool {
    guard rules.timedChecks.contains(self) else { return false }
    switch self {
    case .target, .pace:
      let delivery = question.view.standing.delivery(of: rules.rollout.id)
      return delivery.map { $0.state == .waiting } ?? true
    case .requires, .gate, .window: return true
    case .state, .stage, .running, .history, .order, .consent: return false
    }
  }

  private static func state(_ state: RolloutState, has delivery: Delivery?) -> Ruling {
    switch state {
    case .running, .finished: .passes
    case .paused: delivery == nil ? .skips(.paused) : .holds(.paused)
    case .draft, .scheduled: .skips(.notStarted)
    case .halted: .skips(.halted)
    case .cancelled: .skips(.cancelled)
    }
  }

  private static func running(_ rules: RolloutRules, _ firmware: Firmware, _ question: OfferQuestion) -> Ruling {
    guard let running = question.view.running(firmware.mcuID) else { return .passes }
    if running == firmware.version.text { return .current }
    guard rules.rollout.revertOf == nil else { return .passes }
    return OfferDecision.isOlder(firmware, than: running, registered: question.runningFirmware)
      ? .skips(.olderThanRunning) : .passes
  }

  private static func history(_ installation: Installation?, attempts: Int) -> Ruling {
    switch installation?.state {
    case .failed where (installation?.attempts ?? 0) >= attempts: .holds(.failedBefore)
    case .rejected: .holds(.rejectedByThing)
    case .rolledBack: .holds(.rolledBack)
    case .installed: .holds(.awaitingConfirmation)
    case .failed, .confirmed, .claimed, .offered, .downloading, .downloaded, .installing, nil: .passes
    }
  }

  /// Of several MCUs, each gets its firmware once those before it run theirs, or something newer.
  private static func order(_ rules: RolloutRules, _ firmware: Firmware, _ question: OfferQuestion) -> Ruling {
    for item in rules.goal(for: question.view.standing) {
      if item.mcuID == firmware.mcuID { return .passes }
      guard let earlier = question.releases.firmware(item.firmwareID) else { continue }
      let standing = question.view.standing
      let isDone =
        question.view.running(item.mcuID) == earlier.version.text || rules.isPast(earlier, standing, question.releases)
      if !isDone { return .holds(.awaitingOtherMCU) }
    }
    return .passes
  }
}
