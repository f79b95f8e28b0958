import Domain
import Testing

@testable import Rollouts

@Suite("The conditions of a rollout") struct RolloutCheckTests {
  private static let old = Firmware.sample("1.0.0", sequence: 1)
  private static let new = Firmware.sample("2.0.0", sequence: 2, requires: "tag==ready")
  private static let other = Firmware.sample("2.0.0", sequence: 3, mcu: 2)

  /// A thing with which nothing is right but what the set names.
  private static func refusal(without lifted: Set<RolloutCheck>) -> OfferReason {
    var plan = RolloutPlan()
    (plan.target, plan.gate, plan.consent) = ("tag==beta", "tag==idle", true)
    // It is 15:06 in UTC.
    plan.windows = [lifted.contains(.window) ? "15:00-16:00" : "16:00-17:00"]
    let stage = RolloutStage(scope: .share(1_000_000), openedAt: lifted.contains(.stage) ? .start : nil)
    let rollout = Rollout.sample(
      1, [other, new], plan: plan, state: lifted.contains(.state) ? .running : .halted, stages: [stage])
    let facts = [(RolloutCheck.target, "beta"), (.gate, "idle"), (.requires, "ready")].filter { lifted.contains($0.0) }
    var known = ThingFacts()
    known.tags = facts.map(\.1)
    let standing = ThingStanding.sample(
      running: [1: lifted.contains(.running) ? "1.0.0" : "9.0.0", 2: lifted.contains(.order) ? "2.0.0" : "1.0.0"],
      lifted.contains(.history) ? [] : [Installation(firmwareID: new.id, state: .rejected, since: .start)],
      [
        Delivery(
          rolloutID: 1, stage: 0, state: .waiting, since: .start, consentAt: lifted.contains(.consent) ? .start : nil)
      ])
    let question = SampleRelease([old, new, other], [rollout]).question(
      standing, facts: known, pace: { _ in lifted.contains(.pace) ? nil : .rateLimited })
    return OfferDecision.decide(question).reason
  }

  @Test func `are asked in their order, and the first that refuses decides`() {
    let order: [(RolloutCheck, OfferReason)] = [
      (.state, .halted), (.target, .notInTarget), (.stage, .stageNotOpen), (.requires, .requirementNotMet),
      (.running, .olderThanRunning), (.history, .rejectedByThing), (.order, .awaitingOtherMCU), (.consent, .consentMissing),
      (.gate, .gateClosed), (.window, .outsideWindow), (.pace, .rateLimited),
    ]
    #expect(order.map(\.0) == RolloutCheck.allCases)
    var lifted: Set<RolloutCheck> = []
    for (check, reason) in order {
      #expect(Self.refusal(without: lifted) == reason)
      #expect(Self.refusal(without: Set(RolloutCheck.allCases).subtracting([check])) == reason, "\(check) refuses by itself")
      lifted.insert(check)
    }
    #expect(Self.refusal(without: lifted) == .offered)
  }

  private static func reason(
    _ state: RolloutState = .running, running: String = "1.0.0", on installation: Installation? = nil,
    delivery: DeliveryState? = nil, pace: OfferReason? = nil
  ) -> OfferReason {
    let rollout = Rollout.sample(1, [Firmware.sample("2.0.0", sequence: 2)], state: state)
    let standing = ThingStanding.sample(
      running: [1: running], [installation].compactMap { $0 },
      [delivery.map { Delivery(rolloutID: 1, stage: 0, state: $0, since: .start) }].compactMap { $0 })
    let release = SampleRelease([old, Firmware.sample("2.0.0", sequence: 2)], [rollout])
    return OfferDecision.decide(release.question(standing, pace: { _ in pace })).reason
  }

  @Test(arguments: OfferReason.allCases)
  func `give every reason that there is`(reason: OfferReason) {
    let found: OfferReason =
      switch reason {
      case .nothingPublished: OfferDecision.decide(SampleRelease([], []).question(.sample())).reason
      case .notStarted: Self.reason(.draft)
      case .halted: Self.reason(.halted)
      case .cancelled: Self.reason(.cancelled)
      case .notInTarget: Self.refusal(without: [.state])
      case .stageNotOpen: Self.refusal(without: [.state, .target])
      case .requirementNotMet: Self.refusal(without: [.state, .target, .stage])
      case .olderThanRunning: Self.reason(running: "3.0.0")
      case .nothingToRevert: Self.nothingToRevert
      case .takenBack: Self.takenBack
      case .withdrawn: Self.withdrawn
      case .upToDate: Self.reason(running: "2.0.0")
      case .failedBefore: Self.reason(on: Installation(firmwareID: 2, state: .failed, since: .start, attempts: 3))
      case .rejectedByThing: Self.reason(on: Installation(firmwareID: 2, state: .rejected, since: .start))
      case .rolledBack: Self.reason(on: Installation(firmwareID: 2, state: .rolledBack, since: .start))
      case .awaitingConfirmation: Self.reason(on: Installation(firmwareID: 2, state: .installed, since: .start))
      case .awaitingOtherMCU: Self.refusal(without: Set(RolloutCheck.allCases).subtracting([.order]))
      case .paused: Self.reason(.paused, delivery: .offered)
      case .consentMissing: Self.refusal(without: Set(RolloutCheck.allCases).subtracting([.consent]))
      case .gateClosed: Self.refusal(without: Set(RolloutCheck.allCases).subtracting([.gate]))
      case .outsideWindow: Self.refusal(without: Set(RolloutCheck.allCases).subtracting([.window]))
      case .rateLimited: Self.reason(pace: .rateLimited)
      case .tooManyDownloads: Self.reason(pace: .tooManyDownloads)
      case .offered: Self.reason()
      }
    #expect(found == reason)
  }

  private static var takenBack: OfferReason {
    let firmware = Firmware.sample("2.0.0", sequence: 2)
    let back = Delivery(
      rolloutID: 1, stage: 0, state: .confirmed, since: .start, previous: [RolloutItem(mcuID: 1, firmwareID: old.id)])
    let release = SampleRelease(
      [old, firmware],
      [.sample(1, [firmware], state: .cancelled), .sample(2, [firmware]), .sample(3, [], state: .paused, revertOf: 1)])
    return OfferExplanation.explain(
      release.rules(2)!, release.question(.sample(running: [1: "1.0.0"], [], [back]))
    ).reason
  }

  private static var withdrawn: OfferReason {
    let firmware = Firmware.sample("2.0.0", sequence: 2, isWithdrawn: true)
    return OfferDecision.decide(
      SampleRelease([old, firmware], [.sample(1, [firmware])]).question(.sample(running: [1: "1.0.0"]))
    ).reason
  }

  private static var nothingToRevert: OfferReason {
    let revert = Rollout.sample(2, [], revertOf: 1)
    let release = SampleRelease([old], [.sample(1, [old], state: .cancelled), revert])
    return OfferExplanation.explain(release.rules(2)!, release.question(.sample())).reason
  }

  @Test(arguments: [(0, OfferReason.offered), (1, .offered), (2, .offered), (3, .failedBefore), (4, .failedBefore)])
  func `let a thing fail as often as the rollout allows`(attempts: Int, reason: OfferReason) {
    #expect(Self.reason(on: Installation(firmwareID: 2, state: .failed, since: .start, attempts: attempts)) == reason)
  }

  @Test(arguments: DeliveryState.allCases)
  func `do not ask again for the target and the pace once a thing was offered it`(state: DeliveryState) {
    let firmware = Firmware.sample("2.0.0", sequence: 2)
    let release = SampleRelease([Self.old, firmware], [.sample(1, [firmware]) { $0.target = "tag==beta" }])
    let standing = ThingStanding.sample(
      running: [1: "1.0.0"], [], [Delivery(rolloutID: 1, stage: 0, state: state, since: .start)])
    let decision = OfferDecision.decide(release.question(standing, facts: .tagged()))
    #expect(decision.reason == (state == .waiting ? .notInTarget : .offered))
    #expect(decision.left == (state == .waiting ? [1] : []))
    #expect(Self.reason(delivery: state, pace: .rateLimited) == (state == .waiting ? .rateLimited : .offered))
  }

  @Test func `hold a paused rollout's things, and let others pass it by`() {
    #expect(Self.reason(.paused) == .paused)
    let (first, second) = (Firmware.sample("2.0.0", sequence: 2), Firmware.sample("3.0.0", sequence: 3))
    let release = SampleRelease(
      [Self.old, first, second], [.sample(1, [first]), .sample(2, [second], state: .paused)])
    #expect(OfferDecision.decide(release.question(.sample(running: [1: "1.0.0"]))).verdict == .offer(first))
    let waits = Delivery(rolloutID: 2, stage: 0, state: .waiting, since: .start)
    let held = OfferDecision.decide(release.question(.sample(running: [1: "1.0.0"], [], [waits])))
    #expect(held.verdict == .current(Self.old) && held.reason == .paused && held.rules?.rollout.id == 2)
  }
}
