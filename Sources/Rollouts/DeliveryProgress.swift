public import Domain

/// Where a rollout stands on one thing: moved by what the thing is offered, and by what becomes of the firmware on it. Pure.
public enum DeliveryProgress {
  /// Why a thing waits that was counted when its stage opened and has not asked since.
  public static let notSeen = "notSeen"

  /// Notes what a thing was told about one MCU.
  /// - Returns: whether it is new among those that a rollout has begun with.
  public static func apply(
    _ decision: OfferDecision, _ question: OfferQuestion, to standing: inout ThingStanding, at now: Timestamp
  ) -> Bool {
    for id in decision.left { leave(id, &standing) }
    for id in decision.unmet {
      guard let waiting = standing.delivery(of: id), waiting.reason != OfferReason.requirementNotMet.rawValue else { continue }
      standing.set(moved(waiting, .waiting, OfferReason.requirementNotMet.rawValue, now))
    }
    guard let rules = decision.rules else { return false }
    let known = standing.delivery(of: rules.rollout.id)
    guard let stage = known?.stage ?? rules.stage(of: question.view) else { return false }
    switch decision.verdict {
    case .offer(let firmware):
      var next = known ?? Delivery(rolloutID: rules.rollout.id, stage: stage, state: .waiting, since: now)
      let begins = next.state == .waiting
      if let running = question.runningFirmware, running.id != firmware.id,
        !next.previous.contains(where: { $0.mcuID == firmware.mcuID })
      {
        next.previous.append(RolloutItem(mcuID: firmware.mcuID, firmwareID: running.id))
      }
      switch next.state {
      // What failed counts as failed until the thing runs the firmware.
      case .failed, .rejected, .rolledBack, .offered, .downloading, .downloaded, .installing, .installed: break
      case .waiting, .confirmed, .claimed, .silent: next = moved(next, .offered, "", now)
      }
      if next != known { standing.set(next) }
      if standing.deliveries.count > 1 { supersede(firmware.mcuID, rules, question.releases, &standing) }
      return begins
    case .current, .nothing:
      if [.failedBefore, .rejectedByThing, .rolledBack].contains(decision.reason) {
        // It has failed before this rollout could begin with it, which therefore expects nothing of it.
        if known?.state == .waiting { leave(rules.rollout.id, &standing) }
        return false
      }
      guard decision.reason.isHold else { return false }
      hold(decision.reason.rawValue, rules, known, stage, &standing, now)
      return false
    }
  }

  /// A thing that fetches or reports a firmware without having been offered it is taken into the rollout that brings it.
  public static func join(
    _ rules: RolloutRules, _ firmware: Firmware, _ question: OfferQuestion, _ standing: inout ThingStanding,
    at now: Timestamp
  ) -> Bool {
    apply(
      OfferDecision(verdict: .offer(firmware), reason: .offered, rules: rules, firmware: firmware, left: []), question,
      to: &standing, at: now)
  }

  /// Counts a thing among those that wait for a rollout, if it belongs to one of its stages.
  public static func hold(
    _ reason: OfferReason, _ rules: RolloutRules, _ view: ThingView, _ standing: inout ThingStanding, at now: Timestamp
  ) {
    let known = standing.delivery(of: rules.rollout.id)
    guard let stage = known?.stage ?? rules.stage(of: view) else { return }
    hold(reason.rawValue, rules, known, stage, &standing, now)
  }

  /// A thing that only has to wait is counted among those that wait, with the reason; one that downloads stops for now.
  private static func hold(
    _ reason: String, _ rules: RolloutRules, _ known: Delivery?, _ stage: Int, _ standing: inout ThingStanding,
    _ now: Timestamp
  ) {
    let delivery = known ?? Delivery(rolloutID: rules.rollout.id, stage: stage, state: .waiting, since: now)
    switch delivery.state {
    case .waiting, .offered, .downloading:
      let next = moved(delivery, .waiting, reason, now)
      if next != known { standing.set(next) }
    case .downloaded, .installing, .installed, .confirmed, .claimed, .failed, .rejected, .rolledBack, .silent: break
    }
  }

  /// Follows what became of the firmwares of a thing's rollouts.
  public static func follow(_ standing: inout ThingStanding, _ releases: any ReleaseLookup, at now: Timestamp) {
    for delivery in standing.deliveries {
      guard let rules = releases.rules(delivery.rolloutID) else { continue }
      guard let next = followed(delivery, rules, standing, releases, now) else {
        standing.deliveries.removeAll { $0.rolloutID == delivery.rolloutID }
        continue
      }
      if next != delivery { standing.set(next) }
    }
  }

  /// The thing has not been heard of for too long.
  /// - Returns: nil when that changes nothing.
  public static func silenced(_ delivery: Delivery, downloadOnly: Bool, at now: Timestamp) -> Delivery? {
    guard delivery.state.isInFlight, !delivery.state.isEnd(downloadOnly: downloadOnly) else { return nil }
    return moved(delivery, .silent, "", now)
  }

  /// - Returns: nil for a thing that the rollout no longer concerns: it has what the rollout brings, or something newer, and
  ///   not from it.
  private static func followed(
    _ delivery: Delivery, _ rules: RolloutRules, _ standing: ThingStanding, _ releases: any ReleaseLookup, _ now: Timestamp
  ) -> Delivery? {
    let goal = rules.goal(for: standing)
    let open = goal.filter { item in
      releases.firmware(item.firmwareID).map { $0.version.text != standing.mcu(item.mcuID)?.running } ?? true
    }
    if !goal.isEmpty, open.isEmpty {
      if delivery.state == .waiting, !goal.contains(where: { installation(of: $0, delivery, standing) != nil }) { return nil }
      return moved(delivery, success(goal.compactMap { standing.installation(of: $0.firmwareID) }), "", now)
    }
    let installations = goal.compactMap { installation(of: $0, delivery, standing) }
    if let ended = installations.first(where: { $0.state == .failed || $0.state == .rejected || $0.state == .rolledBack }) {
      let state: DeliveryState = ended.state == .failed ? .failed : ended.state == .rejected ? .rejected : .rolledBack
      return moved(delivery, state, String((ended.code ?? "").prefix(longestCode)), now)
    }
    let isOver = open.allSatisfy { item in
      releases.firmware(item.firmwareID).map { rules.isPast($0, standing, releases) } ?? false
    }
    if !delivery.state.isEnd(downloadOnly: false), !open.isEmpty, isOver {
      // What it got, it got from here; the rest of it was overtaken.
      let got = installations.filter { $0.state == .confirmed || $0.state == .claimed }
      return got.isEmpty ? nil : moved(delivery, success(got), "", now)
    }
    switch delivery.state {
    // Held, or ended: only an offer, or what the thing runs, changes that.
    case .failed, .rejected, .rolledBack: return delivery
    case .waiting where !installations.contains(where: { [.downloaded, .installing, .installed].contains($0.state) }):
      return delivery
    // It no longer runs what it had confirmed or claimed.
    case .confirmed, .claimed: return delivery
    case .waiting, .offered, .downloading, .downloaded, .installing, .installed, .silent:
      guard let state = installations.compactMap({ InFlight($0.state) }).max() else { return delivery }
      return moved(delivery, state.delivery, "", now)
    }
  }

  /// What is claimed of one of its firmwares is no more than claimed of all of them.
  private static func success(_ installations: [Installation]) -> DeliveryState {
    installations.contains { $0.state == .claimed } ? .claimed : .confirmed
  }

  private static func installation(of item: RolloutItem, _ delivery: Delivery, _ standing: ThingStanding) -> Installation? {
    standing.installation(of: item.firmwareID).flatMap { $0.rolloutID == delivery.rolloutID ? $0 : nil }
  }

  /// What goes before another rollout takes the thing from it, as long as nothing of that is on the thing. Should the one that
  /// goes before end, the thing comes back when it asks.
  private static func supersede(
    _ mcuID: Int64, _ rules: RolloutRules, _ releases: any ReleaseLookup, _ standing: inout ThingStanding
  ) {
    let present = standing
    standing.deliveries.removeAll { delivery in
      guard delivery.rolloutID != rules.rollout.id, [.waiting, .offered, .downloading].contains(delivery.state) else {
        return false
      }
      return releases.rules(delivery.rolloutID)?.goal(for: present).contains { $0.mcuID == mcuID } ?? false
    }
  }

  private static func leave(_ rolloutID: Int64, _ standing: inout ThingStanding) {
    standing.deliveries.removeAll { $0.rolloutID == rolloutID && $0.state == .waiting }
  }

  private static func moved(_ delivery: Delivery, _ state: DeliveryState, _ reason: String, _ now: Timestamp) -> Delivery {
    var next = delivery
    if next.state != state { next.since = now }
    next.state = state
    next.reason = reason
    if !state.isFailure { next.isPardoned = false }
    return next
  }

  /// The longest code of a failure that is counted by itself, in characters.
  private static let longestCode = 64

  /// The steps of an update that goes on, in their order.
  private enum InFlight: Int, Comparable {
    case offered, downloading, downloaded, installing, installed

    init?(_ state: InstallationState) {
      switch state {
      case .offered: self = .offered
      case .downloading: self = .downloading
      case .downloaded: self = .downloaded
      case .installing: self = .installing
      case .installed: self = .installed
      case .confirmed, .claimed, .failed, .rejected, .rolledBack: return nil
      }
    }

    static func < (left: InFlight, right: InFlight) -> Bool { left.rawValue < right.rawValue }

    var delivery: DeliveryState {
      switch self {
      case .offered: .offered
      case .downloading: .downloading
      case .downloaded: .downloaded
      case .installing: .installing
      case .installed: .installed
      }
    }
  }
}
