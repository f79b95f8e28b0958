public import Domain

/// What is registered, as the rules look it up.
public protocol ReleaseLookup: Sendable {
  func firmware(_ id: Int64) -> Firmware?
  func firmware(mcuID: Int64, version: String) -> Firmware?
  func rules(_ rolloutID: Int64) -> RolloutRules?
}

/// What is asked about one MCU of a thing.
public struct OfferQuestion {
  public let view: ThingView
  public let mcu: MCU
  /// The rollouts that could have something for the MCU, the one that goes before the others first.
  public let candidates: [RolloutRules]
  public let releases: any ReleaseLookup
  let pace: (RolloutRules) -> OfferReason?
  /// Whether the thing takes the firmwares of all its MCUs at once, and sees to their order by itself.
  let isWhole: Bool

  /// - Parameters:
  ///   - isWhole: whether the thing takes the firmwares of all its MCUs at once.
  ///   - pace: why a rollout takes nobody more now; nil where it does.
  public init(
    _ view: ThingView, mcu: MCU, candidates: [RolloutRules], releases: any ReleaseLookup, isWhole: Bool = false,
    pace: @escaping (RolloutRules) -> OfferReason? = { _ in nil }
  ) {
    self.view = view
    self.mcu = mcu
    self.candidates = candidates
    self.releases = releases
    self.pace = pace
    self.isWhole = isWhole
  }

  /// The registered firmware of the version that runs, if there is one.
  var runningFirmware: Firmware? { view.running(mcu.id).flatMap { releases.firmware(mcuID: mcu.id, version: $0) } }

  /// Whether the rollout has anything for the MCU of this thing.
  public func concerns(_ rules: RolloutRules) -> Bool { firmware(of: rules) != nil }

  func firmware(of rules: RolloutRules) -> Firmware? { rules.firmware(for: mcu.id, of: view.standing, releases) }

  /// What a rollout says: the first check that refuses.
  func ruling(of rules: RolloutRules, _ firmware: Firmware) -> RolloutCheck.Ruling {
    for check in RolloutCheck.inOrder {
      let ruling = check.ruling(rules, firmware, self)
      if ruling != .passes { return ruling }
    }
    return .passes
  }

  /// Whether a rollout would say the same at any time: none of the checks that were asked depends on it.
  func isTimeless(_ rules: RolloutRules, _ firmware: Firmware) -> Bool {
    if rules.isTimeless { return true }
    for check in RolloutCheck.inOrder {
      if check.dependsOnTime(rules, self) { return false }
      if check.ruling(rules, firmware, self) != .passes { return true }
    }
    return true
  }

  /// Whether the thing was taken back from a firmware by a rollout that came after the one that brings it.
  func isTakenBack(from firmware: Firmware, by rules: RolloutRules) -> Bool {
    candidates.contains { revert in
      let state = revert.rollout.state
      guard let reverted = revert.rollout.revertOf, state.isOpen || state.isUnderWay, revert.rollout.id > rules.rollout.id,
        releases.rules(reverted)?.firmwares[mcu.id]?.id == firmware.id
      else { return false }
      return view.standing.delivery(of: reverted)?.previous.contains { $0.mcuID == mcu.id } ?? false
    }
  }
}

/// What one MCU of a thing may have now, and why.
public struct OfferDecision: Sendable {
  public enum Verdict: Sendable, Hashable {
    /// The thing may have this firmware.
    case offer(Firmware)
    /// Nothing new; this is what it runs already.
    case current(Firmware)
    /// Nothing to say: neither an update nor a firmware of ours that it runs.
    case nothing
  }

  public let verdict: Verdict
  public let reason: OfferReason
  /// The rollout that decided, and what it has for the MCU; nil where none did.
  public let rules: RolloutRules?
  public let firmware: Firmware?
  /// Rollouts that had the thing waiting and no longer concern it.
  public let left: [Int64]
  /// Rollouts that have the thing waiting and whose firmware requires what it does not have.
  public var unmet: [Int64] = []
  /// Whether the same is decided at any time, as long as the thing, its facts and all that is registered stay as they are.
  public var isTimeless = true

  /// The reason in words.
  public var explanation: String { reason.explanation }
}

extension OfferDecision {
  /// Asks one rollout after another. The first that concerns the thing decides, whether or not it has something for it now.
  public static func decide(_ question: OfferQuestion) -> OfferDecision {
    var isTimeless = true
    var decision = decide(question) { rules, firmware in
      isTimeless = isTimeless && question.isTimeless(rules, firmware)
    }
    decision.isTimeless = isTimeless
    return decision
  }

  /// - Parameter asked: told of each rollout that is asked, and of what it has for the thing.
  private static func decide(_ question: OfferQuestion, asked: (RolloutRules, Firmware) -> Void) -> OfferDecision {
    var skipped: OfferReason?
    var current: (rules: RolloutRules, firmware: Firmware)?
    var left: [Int64] = []
    var unmet: [Int64] = []
    for rules in question.candidates {
      guard let firmware = question.firmware(of: rules) else { continue }
      asked(rules, firmware)
      switch question.ruling(of: rules, firmware) {
      case .passes:
        return OfferDecision(
          verdict: .offer(firmware), reason: .offered, rules: rules, firmware: firmware, left: left, unmet: unmet)
      case .current:
        // What has ended does not hold a thing back from what is newer.
        guard rules.rollout.state == .finished || rules.rollout.revertOf != nil else {
          return OfferDecision(
            verdict: .current(firmware), reason: .upToDate, rules: rules, firmware: firmware, left: left, unmet: unmet)
        }
        current = current ?? (rules, firmware)
      case .holds(let reason):
        return OfferDecision(
          verdict: otherwise(question), reason: reason, rules: rules, firmware: firmware, left: left, unmet: unmet)
      case .skips(let reason):
        if question.view.standing.delivery(of: rules.rollout.id)?.state == .waiting {
          if [.notInTarget, .nothingToRevert, .withdrawn].contains(reason) { left.append(rules.rollout.id) }
          if reason == .requirementNotMet { unmet.append(rules.rollout.id) }
        }
        // What it runs is what some rollout delivers, though not to it: there is nothing to explain.
        let runsIt = question.view.running(firmware.mcuID) == firmware.version.text && rules.rollout.state.isOpen
        skipped = skipped ?? (runsIt ? .upToDate : reason)
      }
    }
    if let current {
      return OfferDecision(
        verdict: .current(current.firmware), reason: .upToDate, rules: current.rules, firmware: current.firmware, left: left,
        unmet: unmet)
    }
    return OfferDecision(
      verdict: otherwise(question), reason: skipped ?? .nothingPublished, rules: nil, firmware: nil, left: left, unmet: unmet)
  }

  /// Whether one firmware may be fetched now, whatever goes before it.
  /// - Returns: nil where it may, else why not, and the rollout that brings it to the thing, if one does.
  public static func fetch(
    _ firmware: Firmware, _ question: OfferQuestion
  ) -> (refusal: OfferReason?, rules: RolloutRules?) {
    var outcome: (refusal: OfferReason?, rules: RolloutRules?) = (.nothingPublished, nil)
    for rules in question.candidates where question.firmware(of: rules)?.id == firmware.id {
      switch question.ruling(of: rules, firmware) {
      case .passes, .current: return (nil, rules)
      // A hold says more than that another rollout is not for the thing.
      case .holds(let reason): outcome = (reason, rules)
      case .skips(let reason): if outcome.rules == nil { outcome.refusal = reason }
      }
    }
    return outcome
  }

  /// Nothing older than what a thing runs is ever offered, but by a rollout that takes it back. Where the two texts have no
  /// order of their own, the sequence of registration tells; a version that was never registered here and cannot be compared
  /// holds nothing back.
  public static func isOlder(_ candidate: Firmware, than running: String, registered: Firmware?) -> Bool {
    let order = FirmwareVersion(running).flatMap { FirmwareVersion.compare(candidate.version, $0) }
    switch order {
    case .older: return true
    case .newer: return false
    case .same, nil: return registered.map { candidate.sequence < $0.sequence } ?? false
    }
  }

  private static func otherwise(_ question: OfferQuestion) -> Verdict {
    question.runningFirmware.map { .current($0) } ?? .nothing
  }
}
