import Domain
import Testing

@testable import Rollouts

@Suite("Which of several rollouts decides") struct RolloutChoiceTests {
  private let one = Firmware.sample("1.0.0", sequence: 1)
  private let two = Firmware.sample("2.0.0", sequence: 2)
  private let three = Firmware.sample("3.0.0", sequence: 3)

  private func decide(
    _ rollouts: [Rollout], _ standing: ThingStanding, mcu: Int64 = 1, facts: ThingFacts? = nil
  ) -> OfferDecision {
    let others = [Firmware.sample("1.0.0", sequence: 4, mcu: 2), Firmware.sample("2.0.0", sequence: 5, mcu: 2)]
    return .decide(SampleRelease([one, two, three] + others, rollouts).question(standing, mcu: mcu, facts: facts))
  }

  @Test func `the newest firmware comes first, unless a priority says otherwise`() {
    let thing = ThingStanding.sample(running: [1: "1.0.0"])
    #expect(decide([.sample(1, [three]), .sample(2, [two])], thing).verdict == .offer(three))
    #expect(decide([.sample(1, [three]), .sample(2, [two]) { $0.priority = 1 }], thing).verdict == .offer(two))
    #expect(decide([.sample(1, [three]), .sample(2, [three])], thing).rules?.rollout.id == 2)
  }

  @Test func `the first that concerns the thing holds it, also where another has something for it`() {
    let thing = ThingStanding.sample(running: [1: "1.0.0"])
    let gated = Rollout.sample(2, [three]) { $0.gate = "tag==idle" }
    let held = decide([.sample(1, [two]), gated], thing, facts: .tagged())
    #expect(held.verdict == .current(one) && held.reason == .gateClosed && held.rules?.rollout.id == 2)
    let aimed = Rollout.sample(2, [three]) { $0.target = "tag==beta" }
    #expect(decide([.sample(1, [two]), aimed], thing, facts: .tagged()).verdict == .offer(two), "it is not for this thing")
  }

  @Test func `a version that is asked for by the next one is not skipped`() {
    let last = Firmware.sample("3.0.0", sequence: 3, requires: "mcu.main.version>=2.0.0")
    let release = SampleRelease([one, two, last], [.sample(1, [two]), .sample(2, [last])])
    func decide(_ running: String) -> OfferDecision { .decide(release.question(.sample(running: [1: running]))) }
    #expect(decide("1.0.0").verdict == .offer(two))
    #expect(decide("1.9.0").verdict == .offer(two))
    #expect(decide("2.0.0").verdict == .offer(last))
    #expect(decide("2.5.0").verdict == .offer(last))
    #expect(decide("3.0.0").verdict == .current(last))
  }

  @Test(arguments: RolloutState.allCases)
  func `only what runs or has finished offers anything`(state: RolloutState) {
    let decision = decide([.sample(1, [two], state: state)], .sample(running: [1: "1.0.0"]))
    let isOpen = state == .running || state == .finished
    #expect(decision.verdict == (isOpen ? .offer(two) : .current(one)))
  }

  // MARK: Back again

  private func previous(_ rollout: Int64, _ firmware: Firmware) -> Delivery {
    Delivery(
      rolloutID: rollout, stage: 0, state: .confirmed, since: .start,
      previous: [RolloutItem(mcuID: firmware.mcuID, firmwareID: firmware.id)])
  }

  @Test func `a revert brings what each thing ran before, and bars what it took back alone`() {
    let rollouts: [Rollout] = [
      .sample(1, [two]), .sample(2, [three], state: .cancelled), .sample(3, [], revertOf: 2), .sample(4, [two]),
    ]
    let back = decide(
      Array(rollouts.prefix(3)),
      .sample(
        running: [1: "3.0.0"], [Installation(firmwareID: three.id, rolloutID: 2, state: .confirmed, since: .start)],
        [previous(2, one)]))
    #expect(back.verdict == .offer(one), "though 2.0.0 is newer and open, and 1.0.0 is older than what runs")
    let again = rollouts.prefix(1) + [.sample(2, [three]), .sample(3, [], revertOf: 2)]
    #expect(decide(Array(again), .sample(running: [1: "1.0.0"], [], [previous(2, one)])).verdict == .offer(two), "not 3.0.0")
    #expect(decide(Array(again), .sample(running: [1: "2.0.0"], [], [previous(2, one)])).verdict == .current(two))
    let moved = decide(Array(again), .sample(running: [1: "4.0.0"], [], [previous(2, one)]))
    #expect(moved.verdict != .offer(one), "it has moved on")
    #expect(decide(Array(rollouts.prefix(3)), .sample(running: [1: "1.0.0"])).verdict == .offer(two), "it was not of it")
    #expect(
      decide(rollouts, .sample(running: [1: "1.0.0"], [], [previous(2, one)])).verdict == .offer(two),
      "what was begun after the revert counts")
  }

  @Test(arguments: [RolloutState.draft, .cancelled])
  func `a revert that is not under way bars nothing`(state: RolloutState) {
    let rollouts: [Rollout] = [.sample(1, [three]), .sample(2, [], state: state, revertOf: 1)]
    #expect(decide(rollouts, .sample(running: [1: "1.0.0"], [], [previous(1, one)])).verdict == .offer(three))
  }

  @Test(arguments: [RolloutState.running, .finished, .paused, .halted])
  func `what was taken back does not come again while the revert stands`(state: RolloutState) {
    let rollouts: [Rollout] = [.sample(1, [three]), .sample(2, [], state: state, revertOf: 1)]
    #expect(decide(rollouts, .sample(running: [1: "1.0.0"], [], [previous(1, one)])).verdict == .current(one))
    #expect(
      decide(rollouts + [.sample(3, [three])], .sample(running: [1: "1.0.0"], [], [previous(1, one)])).verdict == .offer(three))
  }

  // MARK: Several MCUs

  @Test func `one MCU waits for those before it, but for none that runs something newer`() {
    let radio = Firmware.sample("2.0.0", sequence: 5, mcu: 2)
    let rollout = Rollout.sample(1, [radio, two])
    func reason(_ running: [Int64: String], mcu: Int64) -> OfferReason {
      decide([rollout], .sample(running: running), mcu: mcu).reason
    }
    #expect(reason([1: "1.0.0", 2: "1.0.0"], mcu: 1) == .awaitingOtherMCU)
    #expect(reason([1: "1.0.0", 2: "1.0.0"], mcu: 2) == .offered)
    #expect(reason([1: "1.0.0"], mcu: 1) == .awaitingOtherMCU)
    #expect(reason([1: "1.0.0", 2: "2.0.0"], mcu: 1) == .offered)
    #expect(reason([1: "1.0.0", 2: "2.5.0"], mcu: 1) == .offered)
    #expect(reason([1: "1.0.0", 2: "2.5.0"], mcu: 2) == .olderThanRunning)
  }

  // MARK: Fetching

  @Test func `what may be fetched is told by the rollout that brings it, whatever goes before it`() {
    let thing = ThingStanding.sample(running: [1: "1.0.0"])
    let gated = Rollout.sample(3, [two]) { $0.gate = "tag==idle" }
    let release = SampleRelease([one, two, three], [.sample(1, [two]), .sample(2, [three]), gated])
    let question = release.question(thing, facts: .tagged())
    #expect(OfferDecision.fetch(two, question).refusal == nil)
    #expect(OfferDecision.fetch(two, question).rules?.rollout.id == 1)
    #expect(OfferDecision.fetch(one, question).refusal == .nothingPublished)
    let held = SampleRelease([one, two, three], [.sample(1, [two], state: .halted), gated]).question(thing, facts: .tagged())
    #expect(OfferDecision.fetch(two, held).refusal == .gateClosed)
    #expect(OfferDecision.fetch(two, held).rules?.rollout.id == 3)
    let halted = SampleRelease([one, two], [.sample(1, [two], state: .halted)]).question(thing)
    #expect(OfferDecision.fetch(two, halted).refusal == .halted && OfferDecision.fetch(two, halted).rules == nil)
  }
}
