import APIContract
import Domain
import Foundation
import TestSupport
import Testing

/// Rollouts, proved by simulation: a real service on a simulated clock, and fleets that behave well and badly.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct RolloutSimulationTests {
  private let usual = ["--success", "95%", "--halt-at", "5%", "--min-sample", "20", "--soak", "10m", "--silence", "12h"]

  /// In the healthy release, which has the most requests: continuous integration plays 2,000.
  private static let things = ProcessInfo.processInfo.environment["SIMULATED_THINGS"].flatMap { Int($0) } ?? 300

  @Test func aHealthyReleaseReachesEveryoneStageByStage() async throws {
    let trial = try await RolloutTrial.open()
    let id = try await trial.create(usual + ["--stages", "10%,50%,100%"])
    let summary = try await trial.simulate("--things", "\(Self.things)", "--start-rollout", id, "--seed", "1")
    #expect(summary["confirmed"] == .integer(Int64(Self.things)), "\(summary.json)")
    #expect(summary["rollouts"]?[0]?["state"]?.text == "finished", "\(summary.json)")
    let rollout = try await trial.status(id)
    #expect(rollout.state == .finished)
    #expect(rollout.counts[.confirmed] == Self.things && rollout.counts.total == Self.things)
    #expect(rollout.stages.allSatisfy { $0.state == .passed })
    // Each holds the ones before it, and opens when the one before has been good for ten minutes.
    for (stage, next) in zip(rollout.stages, rollout.stages.dropFirst()) {
      let opened = try #require(next.openedAt)
      #expect(opened >= (try #require(stage.satisfiedAt)).adding(seconds: 600))
    }
    let things = rollout.stages.map(\.things)
    #expect(things.reduce(0, +) == Self.things)
    // Ten percent, and fifty less those; as far off as chance may bring it.
    for (count, share) in zip(things, [0.1, 0.4]) {
      let expected = share * Double(Self.things)
      #expect(abs(Double(count) - expected) < 5 * expected.squareRoot(), "\(things)")
    }
    try await expectSoundAndStop(trial.workshop.server)
  }

  @Test func aReleaseThatFailsOnATenthHaltsInItsFirstStage() async throws {
    let trial = try await RolloutTrial.open()
    let id = try await trial.create(usual + ["--stages", "30%,100%"])
    let summary = try await trial.simulate("--things", "1000", "--fail", "10%", "--start-rollout", id, "--seed", "2")
    #expect(summary["rollouts"]?[0]?["state"]?.text == "halted", "\(summary.json)")
    let rollout = try await trial.status(id)
    #expect(rollout.haltReason?.isEmpty == false)
    let ends = rollout.counts[.confirmed] + rollout.counts[.failed]
    #expect(ends >= 20, "nothing is concluded before the smallest sample")
    #expect(Double(rollout.counts[.failed]) / Double(ends) > 0.05)
    #expect(rollout.stages[0].failures.values.reduce(0, +) == rollout.counts[.failed])
    try expectFirstStageOnly(rollout, of: 1000, share: 0.3)
    // What the fleet saw is what the service counted: nobody else was touched.
    let touched = ["confirmed", "failed"].compactMap { summary[$0]?.wholeNumber }.reduce(0, +)
    #expect(touched <= Int64(rollout.counts.total - rollout.counts[.waiting]))
    try await expectSoundAndStop(trial.workshop.server)
  }

  @Test func aReleaseThatBricksSilentlyHaltsByTheTimeout() async throws {
    let trial = try await RolloutTrial.open()
    let id = try await trial.create(
      ["--success", "95%", "--halt-at", "5%", "--min-sample", "20", "--soak", "10m", "--silence", "30m"]
        + ["--stages", "15%,100%"])
    let summary = try await trial.simulate("--things", "300", "--silent", "100%", "--start-rollout", id, "--seed", "3")
    #expect(summary["rollouts"]?[0]?["state"]?.text == "halted", "\(summary.json)")
    let rollout = try await trial.status(id)
    #expect(rollout.counts[.silent] > 0 && rollout.counts[.confirmed] == 0)
    let (started, ended) = (try #require(rollout.startedAt), try #require(rollout.endedAt))
    #expect(ended >= started.adding(seconds: 1800))
    try expectFirstStageOnly(rollout, of: 300, share: 0.15)
    try await expectSoundAndStop(trial.workshop.server)
  }

  @Test func oneThatBootsBackToTheOldVersionIsSeenAsRolledBack() async throws {
    let trial = try await RolloutTrial.open()
    let id = try await trial.create(usual + ["--stages", "15%,100%"])
    let summary = try await trial.simulate("--things", "300", "--rollback", "100%", "--start-rollout", id, "--seed", "4")
    #expect(summary["rollouts"]?[0]?["state"]?.text == "halted", "\(summary.json)")
    let rollout = try await trial.status(id)
    #expect(rollout.counts[.rolledBack] >= 20 && rollout.counts[.confirmed] == 0 && rollout.counts[.failed] == 0)
    try expectFirstStageOnly(rollout, of: 300, share: 0.15)
    try await expectSoundAndStop(trial.workshop.server)
  }

  @Test(arguments: [(1, 0), (2, 0), (3, 40)] as [(UInt64, Int)])
  func aServerThatIsKilledAtAnyMomentChangesNoOutcome(seed: UInt64, fail: Int) async throws {
    var numbers = SeededGenerator(seed: seed)
    var trial = try await RolloutTrial.open()
    let id = try await trial.create(usual + ["--stages", "30%,100%"])
    let fleet = try trial.start("--things", "200", "--fail", "\(fail)%", "--start-rollout", id, "--seed", "\(seed)")
    for _ in 0..<4 {
      let ends = try await trial.status(id).ends
      let next = ends + Int.random(in: 1...30, using: &numbers)
      var isOver = false
      try await eventually("\(next) things are at an end") {
        let rollout = try await trial.status(id)
        isOver = [.finished, .halted].contains(rollout.state)
        return isOver || rollout.ends >= next
      }
      if isOver { break }
      try await trial.workshop.killAndRestart()
    }
    let result = await fleet.result()
    #expect(result.status == 0, "\(result.errors)")
    let rollout = try await trial.status(id)
    if fail == 0 {
      #expect(rollout.state == .finished)
      #expect(rollout.counts[.confirmed] == 200 && rollout.counts.total == 200)
    } else {
      #expect(rollout.state == .halted)
      try expectFirstStageOnly(rollout, of: 200, share: 0.3)
    }
    try await expectSoundAndStop(trial.workshop.server)
  }

  @Test func ofTwoRolloutsForTheSameThingsTheOneWithTheLargerNumberWins() async throws {
    let trial = try await RolloutTrial.open()
    let all = usual + ["--stages", "100%"]
    let low = try await trial.create(all + ["--priority", "1"])
    let high = try await trial.create(all + ["--priority", "5"], firmware: try await trial.upload("3.0.0", seed: 3))
    let summary = try await trial.simulate(
      "--things", "100", "--start-rollout", high, "--start-rollout", low, "--for", "8h", "--seed", "6")
    #expect(summary["confirmed"] == .integer(100), "\(summary.json)")
    #expect(try await trial.status(high).counts[.confirmed] == 100)
    // Nobody was ever offered what the other delivers.
    #expect(try await trial.workshop.counts(RolloutTrial.model, "2.0.0") == [:])
    try await expectSoundAndStop(trial.workshop.server)
  }

  @Test func whereTargetsOverlapInPartEachThingGetsWhatIsMeantForIt() async throws {
    let trial = try await RolloutTrial.open()
    let third = try await trial.upload("3.0.0", seed: 3)
    let low = try await trial.create(usual + ["--stages", "100%", "--priority", "1"])
    let high = try await trial.create(
      usual + ["--stages", "100%", "--priority", "5", "--target", "resource.group==b"], firmware: third)
    var things: [(thing: CurlThing, group: String)] = []
    for group in ["a", "b", "a", "b"] {
      let thing = try await trial.workshop.newThing(RolloutTrial.model)
      #expect(try await thing.write("group", "\"\(group)\"").status == 201)
      _ = try await thing.poll(mcu: RolloutTrial.mcu, version: "1.0.0", boot: "1")
      things.append((thing, group))
    }
    for id in [low, high] { try await trial.workshop.command("rollout", "start", id) }
    for (thing, group) in things {
      try await eventually("a thing of group \(group) is offered its own") {
        let offer = try await thing.poll().json?["firmwares"]?[0]
        return offer?["update"] == .bool(true) && offer?["version"]?.text == (group == "a" ? "2.0.0" : "3.0.0")
      }
    }
    try await trial.workshop.command("rollout", "cancel", high)
    for (thing, _) in things {
      try await eventually("the other takes its place") {
        try await thing.poll().json?["firmwares"]?[0]?["version"]?.text == "2.0.0"
      }
      #expect([403, 404].contains(try await thing.download(third).status))
    }
    try await expectSoundAndStop(trial.workshop.server)
  }

  @Test func aThingWhoseBatteryFallsInMidDownloadIsHeldAndResumesLater() async throws {
    let trial = try await RolloutTrial.open()
    let id = try await trial.create(usual + ["--stages", "100%", "--gate", "resource.battery=gt=50"])
    let thing = try await trial.workshop.newThing(RolloutTrial.model)
    #expect(try await thing.write("battery", "80").status == 201)
    _ = try await thing.poll(mcu: RolloutTrial.mcu, version: "1.0.0", boot: "1")
    try await trial.workshop.command("rollout", "start", id)
    try await eventually("it is offered") { try await thing.poll().json?["firmwares"]?[0]?["update"] == .bool(true) }
    let first = try await thing.download(trial.firmware, "--range", "0-49999")
    #expect(first.status == 206)

    #expect(try await thing.write("battery", "20").status == 201)
    let held = try await thing.download(trial.firmware, "--range", "50000-99999")
    #expect(held.status == 503)
    #expect((held["retry-after"].flatMap { Int($0) } ?? 0) > 0)
    #expect(try await thing.poll().json?["firmwares"]?[0]?["update"] != .bool(true))

    #expect(try await thing.write("battery", "90").status == 201)
    let rest = try await thing.download(trial.firmware, "--range", "50000-149999")
    #expect(rest.status == 206)
    #expect((first.body + rest.body).sha256 == trial.sha256)
    #expect(try await thing.report(mcu: RolloutTrial.mcu, version: "2.0.0", status: "installed").status == 201)
    _ = try await thing.poll(mcu: RolloutTrial.mcu, version: "2.0.0", boot: "2")
    try await eventually("it is confirmed") { try await trial.status(id).counts[.confirmed] == 1 }
    try await expectSoundAndStop(trial.workshop.server)
  }

  /// It never left the first stage, and what it touched is bounded by that stage's share of the fleet, which a hash deals out.
  private func expectFirstStageOnly(
    _ rollout: RolloutShape, of things: Int, share: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    #expect(rollout.stages.dropFirst().allSatisfy { $0.openedAt == nil && $0.things == 0 }, sourceLocation: sourceLocation)
    // Five standard deviations of the binomial distribution.
    let bound = Double(things) * share + 5 * (Double(things) * share * (1 - share)).squareRoot()
    #expect(Double(rollout.counts.total) <= bound, sourceLocation: sourceLocation)
  }
}

extension RolloutShape {
  /// Things of it that have come to an end.
  fileprivate var ends: Int { DeliveryState.allCases.filter { $0.isEnd(downloadOnly: false) }.map { counts[$0] }.reduce(0, +) }
}
