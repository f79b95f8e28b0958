import Domain
import Rollouts
import Testing

@testable import FirmwareService

/// Polls that say what was said before are answered from memory: always what deciding anew would give.
@Suite("A remembered answer") struct RememberedAnswerTests {
  /// A thing that runs 1.0 and is offered 2.0 by a rollout.
  private static func world(
    _ change: (inout RolloutPlan) -> Void = { _ in }
  ) async throws -> (test: TestService, thing: (token: ThingToken, id: Int64, publicID: String), rollout: Rollout) {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    let firmware = try await test.release("2.0", sequence: 2, publish: false)
    let rollout = try await test.rollOut(firmware) { plan in
      (plan.silence, plan.haltAt) = (nil, nil)
      change(&plan)
    }
    let thing = try await test.activate()
    _ = try await test.poll(thing.id, "1.0")
    return (test, thing, rollout)
  }

  /// The versions that are updates, of what is remembered after a poll; nil for nothing.
  private static func remembered(_ test: TestService, _ token: ThingToken, _ version: String? = "1.0") -> [String]? {
    // The first may be of the moment alone, since it changes what is known of the thing.
    for _ in 0..<2 where test.quickPoll(token, version) == nil { return nil }
    guard let known = test.recall(token, version) else { return nil }
    return known.firmwares.filter(\.isUpdate).map(\.firmware.version.text)
  }

  @Test func `is given to the same question alone, and shared by all that are offered the same`() async throws {
    let (test, thing, _) = try await Self.world()
    let other = try await test.activate()
    _ = try await test.poll(other.id, "1.0")
    #expect(test.recall(thing.token, "1.0") == nil, "nothing was decided without waiting yet")
    let first = try #require(test.quickPoll(thing.token, "1.0"))
    let again = try #require(test.recall(thing.token, "1.0"))
    #expect(again.shared === first.shared && again.retryAfter == first.retryAfter)
    #expect(test.quickPoll(other.token, "1.0")?.shared === first.shared)
    #expect(test.recall(thing.token) == nil && test.recall(thing.token, "1.0", mcu: "main") == nil)
    #expect(test.recall(thing.token, "2.0") == nil)
    #expect(test.quickPoll(thing.token)?.shared === first.shared)
    #expect(test.recall(thing.token) != nil && test.recall(thing.token, "1.0") == nil, "one question is remembered")
  }

  @Test func `is none of another token`() async throws {
    let (test, thing, _) = try await Self.world()
    _ = test.quickPoll(thing.token, "1.0")
    let stranger = try #require(ThingToken(String(repeating: "t", count: ThingToken.length)))
    #expect(test.recall(stranger, "1.0") == nil)
    #expect(try await test.service.recollectThing(stranger) == false)
  }

  @Test func `is dropped by whatever an operator does to a rollout, at once`() async throws {
    let (test, thing, rollout) = try await Self.world()
    for _ in 0..<3 {
      #expect(Self.remembered(test, thing.token) == ["2.0"])
      _ = try await test.service.changeRollout(rollout.publicID, .pause, by: "op")
      #expect(test.recall(thing.token, "1.0") == nil)
      #expect(Self.remembered(test, thing.token) == [])
      _ = try await test.service.changeRollout(rollout.publicID, .resume, by: "op")
      #expect(test.recall(thing.token, "1.0") == nil)
    }
  }

  @Test func `is dropped by what the thing says and fetches`() async throws {
    let (test, thing, _) = try await Self.world()
    let firmware = try #require(test.quickPoll(thing.token, "1.0")?.firmwares.first?.firmware)
    #expect(test.recall(thing.token, "1.0") != nil)
    _ = try await test.download(firmware, by: thing.id)
    #expect(test.recall(thing.token, "1.0") == nil)
    #expect(Self.remembered(test, thing.token) == ["2.0"])
    try await test.report(thing.id, "2.0", .failed)
    #expect(test.recall(thing.token, "1.0") == nil)
    #expect(Self.remembered(test, thing.token) == ["2.0"])
    #expect(try await test.poll(thing.id, "2.0") == ["=2.0"])
    #expect(test.recall(thing.token, "1.0") == nil)
    #expect(Self.remembered(test, thing.token, "2.0") == [])
  }

  @Test func `is dropped by facts that rules ask for, and by no others`() async throws {
    let (test, thing, _) = try await Self.world { $0.gate = "resource.idle==true or tag==night" }
    try await test.write("idle", .bool(true), of: thing.id)
    _ = try await test.poll(thing.id, "1.0")
    #expect(Self.remembered(test, thing.token) == ["2.0"])
    try await test.write("other", .bool(false), of: thing.id)
    #expect(test.recall(thing.token, "1.0") != nil)
    try await test.write("idle", .bool(false), of: thing.id)
    #expect(test.recall(thing.token, "1.0") == nil)
    #expect(Self.remembered(test, thing.token) == [])
    _ = try await test.service.addTags(["night"], to: thing.id)
    #expect(test.recall(thing.token, "1.0") == nil && test.quickPoll(thing.token, "1.0") == nil)
    #expect(try await test.service.recollectThing(thing.token))
    #expect(Self.remembered(test, thing.token) == ["2.0"])
  }

  /// What began before the rules changed ends after them, and leaves in memory what the older ones asked for.
  @Test func `is dropped where memory comes to know other facts than those that it rests on`() async throws {
    let (test, thing, _) = try await Self.world { $0.gate = "resource.idle==true" }
    try await test.write("idle", .bool(true), of: thing.id)
    _ = try await test.poll(thing.id, "1.0")
    #expect(Self.remembered(test, thing.token) == ["2.0"])
    var older = FactNeeds()
    older.tags = true
    _ = try await test.service.fleet.facts(of: thing.id, older)
    try await test.write("idle", .bool(false), of: thing.id)
    #expect(test.recall(thing.token, "1.0") == nil)
    #expect(try await test.poll(thing.id, "1.0") == ["=1.0"])
  }

  @Test func `is not made where time alone changes it`() async throws {
    let plans: [(inout RolloutPlan) -> Void] = [
      { $0.windows = ["00:00-24:00"] }, { $0.gate = "lastSeen>2020-01-01" },
      { ($0.rate, $0.windows) = (1000, ["00:00-24:00"]) },
    ]
    for change in plans {
      let (test, thing, _) = try await Self.world(change)
      #expect(test.quickPoll(thing.token, "1.0")?.firmwares.contains { $0.isUpdate } == true)
      #expect(test.recall(thing.token, "1.0") == nil)
      // Once it has it, nobody asks for the time any more, unless the target does.
      _ = try await test.poll(thing.id, "2.0")
      #expect(Self.remembered(test, thing.token, "2.0") == [])
    }
  }

  @Test func `is not made while an installed firmware waits to be confirmed`() async throws {
    let (test, thing, _) = try await Self.world()
    try await test.report(thing.id, "2.0", .installed, boot: "1")
    #expect(try await test.poll(thing.id, "1.0") == ["=1.0"])
    #expect(Self.remembered(test, thing.token) == nil)
    test.clock.advance(seconds: 86_400)
    #expect(test.quickPoll(thing.token, "1.0") == nil, "that it fell back has to be written first")
    _ = try await test.poll(thing.id, "1.0")
    #expect(Self.remembered(test, thing.token) == [])
    #expect(try await test.state(thing.publicID) == .rolledBack)
  }

  @Test func `ends with its token`() async throws {
    let (test, thing, _) = try await Self.world()
    let next = try await test.service.rotateToken(of: thing.publicID, overlap: 60, by: "op").token
    #expect(test.recall(thing.token, "1.0") == nil)
    for token in [thing.token, next] {
      #expect(try await test.service.recollectThing(token))
      #expect(Self.remembered(test, token) == ["2.0"])
    }
    #expect(test.recall(thing.token, "1.0") != nil, "it is of the thing, by whichever token")
    test.clock.advance(seconds: 60)
    #expect(test.recall(thing.token, "1.0") == nil && test.recall(next, "1.0") != nil)
    #expect(try await test.service.recollectThing(thing.token) == false)
    try await test.service.retireThing(thing.publicID, by: "op")
    #expect(test.recall(next, "1.0") == nil)
    #expect(try await test.service.recollectThing(next) == false)
  }

  @Test func `counts as hearing of the thing`() async throws {
    let (test, thing, rollout) = try await Self.world { $0.silence = 3600 }
    func isSilent() async throws -> Bool {
      try await test.service.advanceRollouts()
      return try await test.service.showRollout(rollout.publicID).counts.contains { $0.state == .silent }
    }
    for _ in 0..<4 {
      #expect(Self.remembered(test, thing.token) == ["2.0"])
      test.clock.advance(seconds: 3000)
      #expect(test.recall(thing.token, "1.0") != nil)
      #expect(try await !isSilent())
      #expect(try await test.service.showThing(thing.publicID).thing.lastSeenAt == test.clock.now)
    }
    #expect(Self.remembered(test, thing.token) == ["2.0"])
    test.clock.advance(seconds: 3700)
    #expect(try await isSilent())
    #expect(test.recall(thing.token, "1.0") == nil)
  }
}
