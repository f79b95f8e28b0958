import Domain
import Testing

@testable import Rollouts

@Suite("Who belongs to a rollout") struct RolloutMembershipTests {
  private let one = Firmware.sample("1.0.0", sequence: 1)
  private let two = Firmware.sample("2.0.0", sequence: 2)
  private let radio = Firmware.sample("2.0.0", sequence: 3, mcu: 2)

  private func membership(
    _ rollout: Rollout, _ standing: ThingStanding, tags: [String] = [], more: [Firmware] = [], others: [Rollout] = []
  ) -> String {
    let release = SampleRelease([one, two, radio] + more, [rollout] + others)
    var facts = ThingFacts()
    facts.tags = tags
    let view = ThingView(standing, model: release.model, facts: facts, at: .start, isPresent: false)
    switch RolloutMembership.of(view, in: release.rules(rollout.id)!, release) {
    case .stage(let place, let held): return "\(place)" + (held.map { " \($0)" } ?? "")
    case .excluded(let reason, let clause): return "\(reason)" + (clause.map { " \($0)" } ?? "")
    }
  }

  @Test func `is who is in the target, with the clause for which others are not`() {
    let rollout = Rollout.sample(1, [two]) { $0.target = "model==lamp and tag==beta" }
    let thing = ThingStanding.sample(running: [1: "1.0.0"])
    #expect(membership(rollout, thing, tags: ["beta"]) == "0")
    #expect(membership(rollout, thing) == "notInTarget tag==beta")
  }

  @Test func `is nobody who has what it brings, or something newer, on every MCU`() {
    let set = Rollout.sample(1, [radio, two])
    func of(_ main: String?, _ other: String?) -> String {
      var running: [Int64: String] = [:]
      (running[1], running[2]) = (main, other)
      return membership(set, .sample(running: running))
    }
    #expect(of("2.0.0", "2.0.0") == "upToDate")
    #expect(of("3.0.0", "3.0.0") == "olderThanRunning")
    #expect(of("1.0.0", "2.0.0") == "0" && of("3.0.0", "1.0.0") == "0" && of(nil, "2.0.0") == "0")
  }

  @Test func `is told the first stage that holds the thing, whether or not it is open`() {
    var rollout = Rollout.sample(
      1, [two], stages: [RolloutStage(scope: .tag("canary")), RolloutStage(scope: .share(1)), RolloutStage(scope: .tag("x"))])
    let thing = ThingStanding.sample(running: [1: "1.0.0"])
    #expect(membership(rollout, thing, tags: ["x", "canary"]) == "0")
    #expect(membership(rollout, thing, tags: ["x"]) == "2")
    #expect(membership(rollout, thing) == "stageNotOpen")
    let place = RolloutShare.place(of: thing.publicID, in: rollout.publicID)
    rollout.stages = [RolloutStage(scope: .share(place)), RolloutStage(scope: .share(place + 1))]
    #expect(membership(rollout, thing) == "1", "its place is the first that is not in the smaller share")
  }

  @Test func `says what would hold it now`() {
    let strict = Firmware.sample("3.0.0", sequence: 4, requires: "mcu.main.version>=2.0.0")
    let thing = ThingStanding.sample(running: [1: "1.0.0"])
    #expect(membership(.sample(1, [strict]), thing, more: [strict]) == "0 requirementNotMet")
    #expect(membership(.sample(1, [strict]), .sample(running: [1: "2.0.0"]), more: [strict]) == "0")
    let gated = Rollout.sample(1, [two]) { $0.gate = "tag==idle" }
    #expect(membership(gated, thing) == "0 gateClosed")
    #expect(membership(gated, thing, tags: ["idle"]) == "0")
  }

  @Test func `of a revert is who was updated by the other and does not run the former version`() {
    let revert = Rollout.sample(2, [], revertOf: 1)
    func of(_ running: String, _ previous: [RolloutItem]) -> String {
      let delivery = Delivery(rolloutID: 1, stage: 0, state: .confirmed, since: .start, previous: previous)
      return membership(revert, .sample(running: [1: running], [], [delivery]), others: [.sample(1, [two], state: .cancelled)])
    }
    #expect(of("2.0.0", [RolloutItem(mcuID: 1, firmwareID: one.id)]) == "0")
    #expect(of("1.0.0", [RolloutItem(mcuID: 1, firmwareID: one.id)]) == "upToDate")
    #expect(of("2.0.0", []) == "nothingToRevert")
    #expect(membership(revert, .sample(running: [1: "2.0.0"]), others: [.sample(1, [two])]) == "nothingToRevert")
  }
}
