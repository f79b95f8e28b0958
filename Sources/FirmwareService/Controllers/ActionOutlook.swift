import Domain
import Rollouts

/// What a rollout comes to for a thing that takes it as a whole: the one answer to what is in an action, what of it is still to
/// be done, and whether the device may go on.
struct ActionOutlook {
  let rules: RolloutRules
  /// Every firmware that the rollout has for the thing, in its order.
  let items: [(firmware: Firmware, outlook: ItemOutlook)]
  private let standing: ThingStanding

  init(_ rules: RolloutRules, _ standing: ThingStanding, _ releases: ReleaseSnapshot, _ ask: (Firmware) -> OfferQuestion?) {
    self.rules = rules
    self.standing = standing
    items = rules.goal(for: standing).compactMap { item in
      guard let firmware = releases.firmware(item.firmwareID), let question = ask(firmware) else { return nil }
      return (firmware, question.outlook(of: rules, firmware))
    }
  }

  /// What is still to be done. A firmware of it that is none for this thing, and one that failed on it, is not among them.
  var firmwares: [Firmware] { items.filter(\.outlook.isOpen).map(\.firmware) }

  /// Why the thing has to wait, if it has to.
  var held: OfferReason? {
    for item in items { if case .held(let reason) = item.outlook { return reason } }
    return nil
  }

  /// Whether the rollout no longer brings what is still to be done.
  var isWithdrawn: Bool {
    let open = items.filter(\.outlook.isOpen)
    return !open.isEmpty && open.allSatisfy { $0.outlook == .withdrawn }
  }

  /// How the action has ended by what is known of the thing; nil where there is still something to do.
  var outcome: DeviceAction.Outcome? {
    let open = items.filter(\.outlook.isOpen)
    if !open.isEmpty { return open.allSatisfy { $0.outlook == .installed } ? .finished : nil }
    if items.contains(where: { $0.outlook == .current }) { return .finished }
    return items.contains { $0.outlook == .failed } ? .failed : nil
  }

  /// Whether all that is still to be done has left the server, or was said to have arrived.
  var hasDownloaded: Bool {
    firmwares.allSatisfy { firmware in
      switch standing.installation(of: firmware.id)?.state {
      case nil, .offered, .downloading: false
      case .downloaded, .installing, .installed, .confirmed, .claimed, .failed, .rejected, .rolledBack: true
      }
    }
  }

  /// Whether every client can be told of it: some refuse what has no SHA-1.
  var hasAllDigests: Bool { firmwares.allSatisfy { $0.otherDigests != nil } }

  /// A device that has all of what was withdrawn, and would not give it up, may bring it to its end.
  var words: DeploymentWords {
    DeploymentWords(rules.rollout.plan, held: held, isWithdrawn: isWithdrawn && !hasDownloaded)
  }
}

extension FirmwareService {
  func outlook(
    of rules: RolloutRules, _ standing: ThingStanding, _ model: Model, _ releases: ReleaseSnapshot, _ facts: ThingFacts?,
    at now: Timestamp
  ) -> ActionOutlook {
    ActionOutlook(rules, standing, releases) { firmware in
      model.mcus.first { $0.id == firmware.mcuID }.map { mcu in
        question(mcu, standing, model, releases, facts, isWhole: true, at: now)
      }
    }
  }
}
