import Domain
import Testing

@testable import Rollouts

/// Which answers stay the same until something changes: those alone may be remembered.
@Suite("Timeless rules") struct TimelessTests {
  private static let old = Firmware.sample("1.0.0", sequence: 1)
  private static let new = Firmware.sample("2.0.0", sequence: 2)

  private static func rules(_ change: (inout RolloutPlan) -> Void) -> RolloutRules {
    try! RolloutRules(.sample(1, [new], change), firmwares: [new])
  }

  @Test(arguments: ["tag==beta", "resource.battery>20", "activatedAt>2026-01-01", "mcu.main.version==1.0.0", "linked==true"])
  func `are those that ask for what a thing is`(text: String) {
    #expect(Self.rules { $0.target = text }.isTimeless)
    #expect(Self.rules { $0.gate = text }.isTimeless)
  }

  @Test(arguments: ["age.battery<60", "lastSeen>2026-01-01", "tag==beta or (tag==x and age.battery<60)"])
  func `are not those that look at the clock`(text: String) throws {
    #expect(!Self.rules { $0.target = text }.isTimeless)
    #expect(!Self.rules { $0.gate = text }.isTimeless)
    let requiring = Firmware.sample("2.0.0", sequence: 2, requires: text)
    #expect(!(try RolloutRules(.sample(1, [requiring]), firmwares: [requiring]).isTimeless))
  }

  @Test func `are not those with windows or a pace`() {
    #expect(Self.rules { _ in }.isTimeless)
    #expect(!Self.rules { $0.windows = ["00:00-24:00"] }.isTimeless)
    #expect(!Self.rules { $0.rate = 10 }.isTimeless)
    #expect(!Self.rules { $0.concurrent = 10 }.isTimeless)
    #expect(Self.rules { ($0.silence, $0.soak, $0.consent, $0.startAt) = (60, 60, true, .start) }.isTimeless)
  }

  private static func isTimeless(
    running: String, _ state: DeliveryState? = nil, tags: String..., plan change: (inout RolloutPlan) -> Void
  ) -> Bool {
    let deliveries = state.map { [Delivery(rolloutID: 1, stage: 0, state: $0, since: .start)] } ?? []
    let release = SampleRelease([old, new], [.sample(1, [new], change)])
    var facts = ThingFacts()
    facts.tags = tags
    let question = release.question(.sample(running: [1: running], [], deliveries), facts: facts)
    return OfferDecision.decide(question).isTimeless
  }

  @Test func `decide timelessly where they were not asked for the time`() {
    func isTimeless(_ running: String, _ change: (inout RolloutPlan) -> Void) -> Bool {
      Self.isTimeless(running: running, plan: change)
    }
    #expect(!isTimeless("1.0.0") { $0.windows = ["00:00-24:00"] })
    #expect(isTimeless("2.0.0") { $0.windows = ["00:00-24:00"] }, "it has it")
    #expect(isTimeless("1.0.0") { ($0.windows, $0.target) = (["00:00-24:00"], "tag==beta") }, "it is not for it")
    #expect(isTimeless("1.0.0") { ($0.windows, $0.consent) = (["00:00-24:00"], true) }, "it waits for a person")
    #expect(!isTimeless("2.0.0") { $0.target = "lastSeen>2026-01-01" })
    #expect(isTimeless("1.0.0") { ($0.gate, $0.target) = ("age.x<60", "tag==beta") })
  }

  @Test func `are not asked for the pace by those that have begun`() {
    for state in DeliveryState.allCases {
      let isBegun = state != .waiting
      #expect(Self.isTimeless(running: "1.0.0", state) { $0.rate = 1 } == isBegun, "\(state)")
      #expect(Self.isTimeless(running: "1.0.0", state) { $0.target = "lastSeen>2026-01-01" } == isBegun, "\(state)")
      #expect(!Self.isTimeless(running: "1.0.0", state) { $0.gate = "lastSeen>2026-01-01" }, "\(state)")
    }
  }

  @Test func `are asked one after another, until one decides`() {
    let newest = Firmware.sample("3.0.0", sequence: 3)
    func decide(_ running: String, _ tags: String...) -> OfferDecision {
      var facts = ThingFacts()
      facts.tags = tags
      let timed = Rollout.sample(1, [Self.new]) { $0.windows = ["00:00-24:00"] }
      let first = Rollout.sample(2, [newest]) { $0.target = "tag==beta" }
      let release = SampleRelease([Self.old, Self.new, newest], [timed, first])
      return OfferDecision.decide(release.question(.sample(running: [1: running]), facts: facts))
    }
    #expect(decide("1.0.0", "beta").verdict == .offer(newest) && decide("1.0.0", "beta").isTimeless)
    #expect(decide("1.0.0").verdict == .offer(Self.new) && !decide("1.0.0").isTimeless)
  }
}
