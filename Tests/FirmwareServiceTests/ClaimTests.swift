import Catalog
import Domain
import Testing

@testable import FirmwareService

@Suite("Things that say no version") struct ClaimTests {
  private func start(
    _ test: TestService, _ firmwares: [Firmware], stages: [RolloutStage.Scope] = [.share(1_000_000)],
    _ change: (inout RolloutPlan) -> Void = { _ in }
  ) async throws -> Rollout {
    var plan = RolloutPlan()
    (plan.silence, plan.soak) = (nil, 0)
    change(&plan)
    let order = RolloutOrder(
      model: "lamp", firmwares: firmwares.map(\.publicID), version: nil, stages: stages, plan: plan)
    let rollout = try await test.service.createRollout(order, by: "op")
    let started = try await test.service.changeRollout(rollout.publicID, .start, by: "op")
    try await test.service.advanceRollouts()
    return started
  }

  private func counts(_ test: TestService, _ rollout: Rollout) async throws -> [DeliveryState: Int] {
    let report = try await test.service.showRollout(rollout.publicID)
    return Dictionary(report.counts.map { ($0.state, $0.count) }, uniquingKeysWith: +).filter { $0.value > 0 }
  }

  @Test func `bring a whole rollout to its end by what they claim, and none is counted as confirmed`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let new = try await test.release("2.0", sequence: 2, publish: false)
    var things: [Int64] = []
    for _ in 0..<12 { things.append(try await test.activate().id) }
    let rollout = try await start(test, [new], stages: [.share(400_000), .share(1_000_000)]) {
      ($0.minSample, $0.haltAt, $0.success) = (1, nil, 0.5)
    }
    var done: Set<Int64> = []
    var claimed = things[0]
    for _ in 0..<2 {
      for thing in things where !done.contains(thing) {
        guard try await test.poll(thing) == ["2.0"] else { continue }
        try await test.report(thing, "2.0", .installing)
        // The last of all: ids are random, and the first stage may have but one thing.
        if done.count == things.count - 1 {
          try await test.report(thing, "2.0", .rejected)
        } else {
          try await test.claim(new, by: thing)
          #expect(try await test.poll(thing) == ["=2.0"], "it has what it was offered")
          claimed = thing
        }
        done.insert(thing)
      }
      // It is good, and then the next stage opens.
      for _ in 0..<2 {
        test.clock.advance(seconds: 1)
        try await test.service.advanceRollouts()
      }
    }
    #expect(done.count == 12)
    #expect(try test.service.rollout(rollout.publicID).state == .finished)
    #expect(try await counts(test, rollout) == [.claimed: 11, .rejected: 1])
    #expect(try await test.counts("2.0") == [.claimed: 11, .rejected: 1])
    #expect(try await test.running("2.0") == 11)
    let again = try await test.restarted()
    #expect(try await counts(again, rollout) == [.claimed: 11, .rejected: 1])
    #expect(try await again.counts("2.0") == [.claimed: 11, .rejected: 1])
    #expect(try await again.catalog.wrongRolloutCounts().isEmpty)
    #expect(try await again.poll(claimed) == ["=2.0"])
    await expectRefusal(.malformed) {
      try await again.createModel("other")
      let foreign = try await again.release("1.0", model: "other", sequence: 1)
      try await again.claim(foreign, by: things[0])
    }
  }

  @Test func `halt a rollout by the failures among the claims`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let new = try await test.release("2.0", sequence: 2, publish: false)
    var things: [Int64] = []
    for _ in 0..<5 { things.append(try await test.activate().id) }
    let rollout = try await start(test, [new]) { ($0.minSample, $0.haltAt, $0.attempts) = (5, 0.2, 1) }
    for thing in things { #expect(try await test.poll(thing) == ["2.0"]) }
    for thing in things[..<4] { try await test.claim(new, by: thing) }
    try await test.report(things[4], "2.0", .failed)
    #expect(try test.service.rollout(rollout.publicID).state == .running, "one of five is no more than a fifth")
    // What was believed counts as failed once the thing says so.
    try await test.report(things[0], "2.0", .failed)
    #expect(try test.service.rollout(rollout.publicID).state == .halted)
    #expect(try await counts(test, rollout) == [.claimed: 3, .failed: 2])
  }

  @Test func `are confirmed when they say the version after all, and fall back when they say another`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    let (one, other, ahead) = (try await test.activate(), try await test.activate(), try await test.activate())
    let new = try await test.release("2.0", sequence: 2)
    for thing in [one, other, ahead] {
      #expect(try await test.poll(thing.id) == ["2.0"])
      try await test.claim(new, by: thing.id)
      try await test.claim(new, by: thing.id)
      #expect(try await test.state(thing.publicID) == .claimed)
      try await test.report(thing.id, "2.0", .downloading)
      try await test.report(thing.id, "2.0", .installed)
      #expect(try await test.state(thing.publicID) == .claimed, "what comes late takes nothing back")
    }
    try await test.service.retryThing(one.publicID, mcu: nil, by: "op")
    #expect(try await test.counts("2.0") == [.claimed: 3], "there is nothing to try again")
    #expect(try await test.poll(one.id, "2.0") == ["=2.0"])
    #expect(try await test.poll(other.id, "1.0") == ["=1.0"])
    #expect(try await test.poll(ahead.id, "3.0") == [])
    #expect(try await test.state(one.publicID) == .confirmed)
    try await test.claim(new, by: one.id)
    #expect(try await test.counts("2.0") == [.confirmed: 1, .rolledBack: 1, .claimed: 1], "a claim takes nothing from it")
    #expect(try await test.service.showThing(other.publicID).mcus[0].reason == "rolledBack")
    let rollout = try #require(try await test.catalog.rollouts().first { $0.items.first?.firmwareID == new.id })
    #expect(try await counts(test, rollout) == [.confirmed: 1, .rolledBack: 1, .claimed: 1])
    #expect(try await test.catalog.wrongRolloutCounts().isEmpty)
  }

  @Test func `take a claim back with a failure, and are offered the firmware again`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let new = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate()
    let rollout = try await start(test, [new]) { ($0.attempts, $0.haltAt) = (2, nil) }
    #expect(try await test.poll(thing.id) == ["2.0"])
    for attempt in 1...2 {
      try await test.claim(new, by: thing.id)
      #expect(try await counts(test, rollout) == [.claimed: 1])
      try await test.report(thing.id, ["version": .string("2.0"), "status": .string("failed"), "code": .string("E\(attempt)")])
      #expect(try await counts(test, rollout) == [.failed: 1])
      #expect(try await test.state(thing.publicID) == .failed)
      let place = try await test.service.showThing(thing.publicID).mcus[0].standing
      #expect(place?.running == nil && place?.reportedAt == nil, "what it runs is not known")
      #expect(try await test.poll(thing.id) == (attempt == 1 ? ["2.0"] : []))
    }
    let again = try await test.restarted()
    #expect(try await again.running("2.0") == 0)
    #expect(try await again.service.showThing(thing.publicID).mcus[0].reason == "failedBefore")
  }

  @Test func `replace what they ran before, and go back by a rollout that reverts`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let old = try await test.release("1.0", sequence: 1)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id) == ["1.0"])
    try await test.claim(old, by: thing.id)
    let new = try await test.release("2.0", sequence: 2, publish: false)
    let rollout = try await start(test, [new])
    #expect(try await test.poll(thing.id) == ["2.0"])
    try await test.claim(new, by: thing.id)
    #expect(try await test.counts("1.0") == [:])
    #expect(try await test.counts("2.0") == [.claimed: 1])
    let back = try await test.service.revertRollout(rollout.publicID, by: "op")
    try await test.service.advanceRollouts()
    #expect(try await test.poll(thing.id) == ["1.0"])
    try await test.claim(old, by: thing.id)
    #expect(try await test.poll(thing.id) == ["=1.0"])
    #expect(try await test.counts("1.0") == [.claimed: 1])
    #expect(try await test.counts("2.0") == [:])
    try await test.service.advanceRollouts()
    #expect(try await counts(test, back) == [.claimed: 1])
    #expect(try await test.running("1.0") == 1)
    #expect(try await test.running("2.0") == 0)
  }

  @Test func `with several MCUs have claimed an update when one of them did`() async throws {
    let test = try await TestService()
    try await test.createModel(mcus: ["main", "radio"])
    let main = try await test.release("2.0", sequence: 1, publish: false)
    let radio = try await test.release("2.0", mcu: "radio", sequence: 2, publish: false)
    let thing = try await test.activate()
    let rollout = try await start(test, [main, radio])
    #expect(try await test.poll(thing.id) == ["2.0"])
    try await test.claim(main, by: thing.id)
    #expect(try await test.poll(thing.id) == ["=2.0", "2.0"])
    #expect(try await counts(test, rollout) == [.offered: 1])
    #expect(try await test.poll(thing.id, "2.0", mcu: "radio") == ["=2.0", "=2.0"])
    #expect(try await counts(test, rollout) == [.claimed: 1])
    #expect(try await test.poll(thing.id, "2.0", mcu: "main") == ["=2.0", "=2.0"])
    #expect(try await counts(test, rollout) == [.confirmed: 1])
  }
}
