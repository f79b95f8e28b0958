import Catalog
import Domain
import Testing

@testable import FirmwareService

/// What went wrong once, of what things and people say.
@Suite("Rollouts, reviewed: consent and facts") struct RolloutReviewConsentTests {
  private let consent = JSONValue.object(["allow": .bool(true)])

  @Test func `a gate closes by a value that was written while nobody asked for its key`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate().id
    try await test.write("battery", .integer(80), of: thing)
    let first = try await test.rollOut(second) { $0.gate = "resource.battery>=40" }
    #expect(try await test.poll(thing, "1.0") == ["2.0"])
    _ = try await test.service.changeRollout(first.publicID, .cancel, by: "op")
    test.clock.advance(seconds: 60)
    try await test.write("battery", .integer(5), of: thing)
    _ = try await test.rollOut(second) { $0.gate = "resource.battery>=40" }
    #expect(try await test.poll(thing, "1.0") == [])
    #expect(try await test.service.explain(thing).mcus[0].reason == .gateClosed)
  }

  @Test func `the consent of a thing outside of the target does not bring it into the rollout`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let rollout = try await test.rollOut(second) { ($0.consent, $0.target) = (true, "tag==nobody") }
    try await test.write("$consent", consent, of: thing)
    #expect(try await test.deliveries(of: rollout) == [:])
    #expect(try await test.poll(thing) == [])
  }

  @Test func `consent counts after a restart, and for things that were tagged after their stage was counted`() async throws {
    var test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id, "1.0") == [])
    _ = try await test.service.addTags(["canary"], to: thing.id)
    let rollout = try await test.rollOut(second, stages: [.tag("canary")]) { $0.consent = true }
    test = try await test.restarted()
    let id = try await test.service.identifyThing(thing.token.secret)
    try await test.write("$consent", consent, of: id)
    #expect(try await test.poll(id, "1.0") == ["2.0"])
    let later = try await test.activate().id
    _ = try await test.service.addTags(["canary"], to: later)
    try await test.write("$consent", consent, of: later)
    #expect(try await test.poll(later, "1.0") == ["2.0"])
    #expect(try await test.deliveries(of: rollout) == [.offered: 2])
  }

  @Test func `a rollout for which four eyes were asked after it had been scheduled does not start`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    _ = try await test.activate(1, running: "1.0")
    let startAt = test.clock.now.adding(seconds: 60)
    let rollout = try await test.service.createRollout(test.order([second]) { $0.startAt = startAt }, by: "op")
    #expect(rollout.state == .scheduled)
    _ = try await test.service.setModel("lamp", fourEyes: true, pollInterval: nil, by: "admin")
    test.clock.advance(seconds: 61)
    try await test.service.advanceRollouts()
    #expect(try test.state(of: rollout) == .draft)
    #expect(try await test.service.showRollout(rollout.publicID).needs == "approval")
    _ = try await test.service.changeRollout(rollout.publicID, .approve, by: "op2")
    try await test.service.advanceRollouts()
    #expect(try test.state(of: rollout) == .running)
  }
}
