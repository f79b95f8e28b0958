public import Domain

/// What one rollout comes to for one MCU of a thing now, whatever other rollouts have for it.
public enum ItemOutlook: Sendable, Hashable {
  /// The thing may have it.
  case offered
  /// It has to wait.
  case held(OfferReason)
  /// It runs it.
  case current
  /// It has installed it, and has not yet said that it runs it.
  case installed
  /// It went wrong on the thing, and waits for a person.
  case failed
  /// The rollout brings it to nobody like this thing now: it has ended, was stopped, or the thing has left it.
  case withdrawn
  /// It is nothing for this thing: older than what runs, recalled, or not for what it has.
  case unfit

  /// Whether it is among what the rollout has yet to do on the thing.
  public var isOpen: Bool {
    switch self {
    case .offered, .held, .installed, .withdrawn: true
    case .current, .failed, .unfit: false
    }
  }
}

extension OfferQuestion {
  /// - Parameter firmware: what the rollout has for the question's MCU.
  public func outlook(of rules: RolloutRules, _ firmware: Firmware) -> ItemOutlook {
    switch ruling(of: rules, firmware) {
    case .passes: return .offered
    case .current: return .current
    case .holds(.awaitingConfirmation): return .installed
    case .holds(let reason): return reason.isHold ? .held(reason) : .failed
    case .skips(.olderThanRunning), .skips(.withdrawn), .skips(.requirementNotMet), .skips(.takenBack),
      .skips(.nothingToRevert):
      return .unfit
    case .skips: return .withdrawn
    }
  }
}
