import Catalog
import Domain
import Rollouts

/// The answer to the poll of a device of the DDI door.
public struct ControllerPoll: Sendable, Hashable {
  /// What it is to look at now: never more than one.
  public enum Link: Sendable, Hashable {
    /// The action, and a number that changes with what is to be read there.
    case deployment(Int64, content: Int32)
    case confirmation(Int64, content: Int32)
    case cancel(Int64)
  }

  /// Seconds after which it should ask again.
  public let sleep: Int64
  public let link: Link?
  /// The action by which it got what it has.
  public let installed: Int64?
  public let asksAttributes: Bool
}

extension FirmwareService {
  /// Changes that one poll may need: a rollout that ends, another that begins, consent that is given by itself.
  private static let mostSteps = 20

  /// Answers a poll. What the device is told of for the first time is on the disk before it is answered; any other poll waits
  /// for nothing.
  public func pollController(_ session: ControllerSession) async throws -> ControllerPoll {
    guard let thingID = session.thingID else {
      let sleep = releases.snapshot.modelsByID[session.modelID]?.pollInterval ?? Model.defaultPollInterval
      return ControllerPoll(sleep: sleep, link: nil, installed: nil, asksAttributes: false)
    }
    for _ in 0..<Self.mostSteps {
      let now = clock()
      guard let standing = try await translatingErrors({ try await fleet.standing(of: thingID) }),
        let model = releases.snapshot.modelsByID[standing.modelID],
        let controller = try await controller(session.controllerID)
      else { throw ServiceError(.unauthorized, "no valid authentication") }
      let releases = releases.snapshot
      let facts = try await facts(of: thingID, model, releases)
      let offers = offers(to: thingID, model, releases, facts, isWhole: true, at: now)
      let known = fleet.recall(thingID)?.standing ?? standing
      let step = next(controller, offers, known) { outlook(of: $0, known, model, releases, facts, at: now) }
      switch step {
      case .answer(let poll): return poll
      case .change(let change): try await apply(change, of: controller, thingID, at: now)
      }
    }
    throw ServiceError(.unavailable, "the thing is being changed: try again")
  }

  /// The same for a device that is in memory, where nothing has to be waited for.
  /// - Returns: nil where it has to be asked in the other way; nothing is lost by having asked here.
  public func pollController(_ controllerID: String, _ credentials: ControllerCredentials) -> KnownControllerPoll? {
    let now = clock()
    let releases = releases.snapshot
    guard let (known, thing) = recallController(controllerID, credentials, at: now), let thingID = known.controller.thingID,
      let model = releases.modelsByID[thing.standing.modelID],
      case let needs = releases.needs(ofModel: model.id), needs.isEmpty || thing.facts?.needs == needs
    else { return nil }
    let facts = thing.facts?.facts
    let offers = offers(to: thing, model, releases, facts, isWhole: true, at: now)
    let standing = fleet.recall(thingID)?.standing ?? thing.standing
    let step = next(known.controller, offers, standing) {
      outlook(of: $0, standing, model, releases, facts, at: now)
    }
    guard case .answer(let poll) = step else { return nil }
    // What becomes of an action depends on the time where its rollout does.
    let isLasting =
      offers.isLasting && known.controller.openActions.allSatisfy { releases.rules($0.rolloutID)?.isTimeless ?? true }
    return KnownControllerPoll(
      poll: poll,
      mark: isLasting ? mark(known, thing, credentials, offers.shared, generation: releases.generation) : nil)
  }

  /// What a poll comes to: its answer, or what has to be written before it can be answered.
  private enum PollStep {
    enum Change {
      /// The device is told of a rollout.
      case open(rolloutID: Int64)
      /// The action has come to its end by what is known of the thing.
      case close(actionID: Int64, DeviceAction.Outcome)
      case cancel(actionID: Int64, DeviceAction.Cancellation)
      /// The device agrees to everything by itself.
      case consent(rolloutID: Int64)
    }

    case answer(ControllerPoll)
    case change(Change)
  }

  /// - Parameter look: what a rollout comes to for the thing.
  private func next(
    _ controller: Controller, _ offers: Offers, _ standing: ThingStanding, _ look: (RolloutRules) -> ActionOutlook
  ) -> PollStep {
    let releases = releases.snapshot
    let updates = Set(offers.firmwares.filter(\.isUpdate).compactMap(\.rolloutID))
    var open: [(action: DeviceAction, outlook: ActionOutlook)] = []
    for action in controller.openActions {
      guard let outlook = releases.rules(action.rolloutID).map(look) else { continue }
      if let outcome = outlook.outcome { return .change(.close(actionID: action.id, outcome)) }
      let isWanted = updates.contains(action.rolloutID) || offers.held.contains { $0.rolloutID == action.rolloutID }
      switch action.cancellation {
      case .none where !isWanted: return .change(.cancel(actionID: action.id, .asked))
      case .asked where isWanted: return .change(.cancel(actionID: action.id, .none))
      default: open.append((action, outlook))
      }
    }
    func answer(_ link: ControllerPoll.Link?) -> PollStep { .answer(poll(controller, offers, standing, link)) }
    if let cancelled = open.first(where: { $0.action.cancellation == .asked }) { return answer(.cancel(cancelled.action.id)) }
    // What a device would not give up it may bring to its end, but not before what there is for it now.
    let rejected = open.filter { $0.action.cancellation == .rejected }
    if let kept = rejected.first(where: { !$0.outlook.isWithdrawn }) {
      return answer(Self.deployment(kept.action, kept.outlook))
    }
    let brought = updates.compactMap { releases.rules($0) }.sorted { Self.goesBehind($1, $0) }.lazy.map(look)
      .first { outlook in
        // What was to be downloaded alone, and was, is not told of again.
        let isDone = outlook.rules.rollout.plan.downloadOnly && outlook.hasDownloaded
        return open.contains { $0.action.rolloutID == outlook.rules.rollout.id } || !isDone && outlook.hasAllDigests
      }
    if let brought {
      guard let known = open.first(where: { $0.action.rolloutID == brought.rules.rollout.id }) else {
        return .change(.open(rolloutID: brought.rules.rollout.id))
      }
      return answer(Self.deployment(known.action, brought))
    }
    let waiting = offers.held.filter { $0.reason == .consentMissing }.compactMap { releases.rules($0.rolloutID) }
      .max(by: Self.goesBehind)
    if let waiting {
      if controller.autoConfirm != nil { return .change(.consent(rolloutID: waiting.rollout.id)) }
      guard let known = open.first(where: { $0.action.rolloutID == waiting.rollout.id }) else {
        return .change(.open(rolloutID: waiting.rollout.id))
      }
      return answer(.confirmation(known.action.id, content: Self.content("confirmation \(known.action.id)")))
    }
    return answer(rejected.first.map { Self.deployment($0.action, $0.outlook) })
  }

  private func poll(
    _ controller: Controller, _ offers: Offers, _ standing: ThingStanding, _ link: ControllerPoll.Link?
  ) -> ControllerPoll {
    // What was installed is confirmed by what the device tells of itself: it is asked until it has.
    let awaits = standing.installations.contains { $0.state == .installed }
    return ControllerPoll(
      sleep: offers.retryAfter, link: link, installed: controller.installedAction?.id,
      asksAttributes: controller.asksAttributes || awaits)
  }

  private static func deployment(_ action: DeviceAction, _ outlook: ActionOutlook) -> ControllerPoll.Link {
    .deployment(action.id, content: content("\(action.id) \(outlook.words) \(outlook.firmwares.map(\.id))"))
  }

  /// Of several rollouts for different MCUs, the one with the larger priority is told first, then the newer one.
  private static func goesBehind(_ rules: RolloutRules, _ other: RolloutRules) -> Bool {
    (rules.rollout.plan.priority, rules.rollout.id) < (other.rollout.plan.priority, other.rollout.id)
  }

  private func apply(
    _ change: PollStep.Change, of controller: Controller, _ thingID: Int64, at now: Timestamp
  ) async throws {
    let id = controller.controllerID
    try await translatingErrors {
      switch change {
      case .open(let rolloutID):
        _ = try await catalog.openAction(of: id, thingID: thingID, rolloutID: rolloutID, at: now, committed: keep)
      case .close(let actionID, let outcome):
        _ = try await catalog.closeAction(
          actionID, of: id, outcome, finalReport: nil, report: nil, asksAttributes: false, at: now, committed: keep)
      case .cancel(let actionID, let cancellation):
        _ = try await catalog.setCancellation(cancellation, ofAction: actionID, of: id, report: nil, committed: keep)
      case .consent(let rolloutID): try await consent(to: rolloutID, thingID, at: now)
      }
    }
  }

  /// Takes a controller as it was committed.
  var keep: @Sendable (Controller?) -> Void { { [controllers] in controllers.replace($0) } }

  /// FNV-1a, 32 bits: a number that changes with the text.
  static func content(_ text: String) -> Int32 {
    Int32(bitPattern: text.utf8.reduce(2_166_136_261 as UInt32) { ($0 ^ UInt32($1)) &* 16_777_619 })
  }
}
