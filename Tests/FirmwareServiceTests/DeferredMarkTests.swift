import Domain
import Rollouts
import Testing

@testable import Catalog
@testable import FirmwareService

/// What is written when of things that only wait for a rollout, where they are many. Two rollouts: one that was started and has
/// counted its things, whose gate is open for the last thing alone, and one that has not begun.
@Suite("Things that wait, many at once", .timeLimit(.minutes(10))) struct DeferredMarkTests {
  private static let count = DeferredMarks.few + 100

  private struct World {
    let test: TestService
    let things: [Int64]
    let started: Rollout
    let later: Rollout

    /// Why things wait, as the catalog has it; "" for those that do not.
    func written() async throws -> [String: Int] {
      let counts = try await test.catalog.rolloutCounts(of: [started.id])[started.id] ?? []
      return Dictionary(counts.map { ($0.state == .waiting ? $0.reason : "", $0.count) }, uniquingKeysWith: +)
    }

    func pollAll() async throws {
      for thing in things { _ = try await test.poll(thing) }
    }
  }

  private func world() async throws -> World {
    let test = try await TestService()
    try await test.createModel()
    let firmware = try await test.release("2.0", sequence: 2, publish: false)
    let codes = try await test.service.createCodes(for: "lamp", count: Self.count, by: "op").map(\.code)
    let things = try await withThrowingTaskGroup(of: Int64.self) { group in
      for code in codes {
        group.addTask { try await test.service.identifyThing(test.service.activateThing(code: code).secret) }
      }
      return try await group.reduce(into: []) { $0.append($1) }.sorted()
    }
    try await test.write("battery", .integer(99), of: try #require(things.last))
    let later = try await test.service.createRollout(test.order([firmware]) { $0.target = "tag==none" }, by: "op")
    let started = try await test.rollOut(firmware) { plan in
      (plan.silence, plan.haltAt, plan.gate) = (nil, nil, "resource.battery>20")
    }
    return World(test: test, things: things, started: started, later: later)
  }

  private static let (notSeen, gateClosed) = (DeliveryProgress.notSeen, OfferReason.gateClosed.rawValue)

  @Test func `are written a part at each turn, and at once what does not wait any more`() async throws {
    let world = try await world()
    try await world.pollAll()
    #expect(try await world.written() == [Self.notSeen: Self.count])
    var seen: [Int] = []
    for turn in 0..<DeferredMarks.turns {
      try await world.test.service.recordSightings(turn: turn, of: 120)
      let written = try await world.written()
      #expect(written[""] == 1)
      seen.append(written[Self.gateClosed] ?? 0)
    }
    #expect(seen[0] > 0 && seen[0] < Self.count / 2)
    #expect(seen == seen.sorted() && seen.last == Self.count - 1)
  }

  @Test func `are all written before a rollout takes a step`() async throws {
    let world = try await world()
    try await world.pollAll()
    // Nothing is to be done.
    try await world.test.service.advanceRollouts()
    #expect(try await world.written() == ["": 1, Self.notSeen: Self.count - 1])
    _ = try await world.test.service.changeRollout(world.later.publicID, .start, by: "op")
    try await world.test.service.advanceRollouts()
    #expect(try await world.written() == ["": 1, Self.gateClosed: Self.count - 1])
  }

  @Test func `are all written for who asks`() async throws {
    let world = try await world()
    try await world.pollAll()
    _ = try await world.test.service.showRollout(world.started.publicID)
    #expect(try await world.written() == ["": 1, Self.gateClosed: Self.count - 1])
  }

  @Test func `are written with the rest where they are few`() async throws {
    let world = try await world()
    for thing in world.things.prefix(50) { _ = try await world.test.poll(thing) }
    try await world.test.service.advanceRollouts()
    #expect(try await world.written() == [Self.gateClosed: 50, Self.notSeen: Self.count - 50])
  }
}
