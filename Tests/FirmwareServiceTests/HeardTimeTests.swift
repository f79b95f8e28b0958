import Domain
import GRDB
import ServiceLifecycle
import Testing

@testable import Catalog
@testable import FirmwareService

/// When things were last heard of: what is written when, and what is shown of it meanwhile.
@Suite("When things were heard of") struct HeardTimeTests {
  private typealias Known = (token: ThingToken, id: Int64, publicID: String)

  private func world(_ count: Int) async throws -> (TestService, [Known]) {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    var things: [Known] = []
    for _ in 0..<count {
      things.append(try await test.activate())
      _ = try await test.poll(things.last!.id, "1.0")
    }
    try await test.service.flushSightings()
    test.clock.advance(seconds: 600)
    return (test, things)
  }

  /// As the catalog has it.
  private func written(_ thing: Known, _ test: TestService) async throws -> Timestamp? {
    try await test.catalog.thing(publicID: thing.publicID)?.lastSeenAt
  }

  @Test func `is written when its turn comes, and once all had theirs of all`() async throws {
    let (test, things) = try await world(5)
    let before = try await written(things[0], test)
    for thing in things { _ = try await test.poll(thing.id, "1.0") }
    try await test.service.flushObservations()
    for thing in things { #expect(try await written(thing, test) == before) }
    for turn in 0..<7 { try await test.service.recordSightings(turn: turn, of: 7) }
    for thing in things { #expect(try await written(thing, test) == test.clock.now) }
    // And again for what comes then.
    test.clock.advance(seconds: 5)
    _ = try await test.poll(things[2].id, "1.0")
    for turn in 0..<7 { try await test.service.recordSightings(turn: turn, of: 7) }
    #expect(try await written(things[2], test) == test.clock.now)
    #expect(try await written(things[1], test) == test.clock.now.adding(seconds: -5))
  }

  @Test func `is shown as it is now, whatever is written`() async throws {
    let (test, things) = try await world(4)
    _ = try await test.poll(things[1].id, "1.0")
    let (now, before) = (test.clock.now, test.clock.now.adding(seconds: -600))
    let list = try await test.service.listThings(model: nil, PageRequest(limit: 10, after: nil))
    #expect(list.entries.map(\.thing.lastSeenAt) == [before, before, now, before])
    #expect(try await written(things[1], test) == before, "a list needs nothing written")
    #expect(try await test.service.showThing(things[1].publicID).thing.lastSeenAt == now)
    #expect(try await test.service.showThing(things[0].publicID).thing.lastSeenAt == before)
    _ = try await test.poll(things[2].id, "1.0")
    var search = ThingSearch()
    search.silentFor = 300
    let silent = try await test.service.listThings(model: nil, matching: search, PageRequest(limit: 10, after: nil))
    #expect(silent.entries.map(\.publicID) == [things[3].publicID, things[0].publicID])
    _ = try await test.poll(things[3].id, "1.0")
    search = ThingSearch()
    search.expression = "lastSeen<\(before.adding(seconds: 60).iso8601)"
    let unseen = try await test.service.listThings(model: nil, matching: search, PageRequest(limit: 10, after: nil))
    #expect(unseen.entries.map(\.publicID) == [things[0].publicID])
    _ = try await test.poll(things[0].id, "1.0")
    let figures = try await test.service.showFleet(model: nil, silentFor: 300).models[0]
    #expect(figures.silent == 0 && figures.seenLastHour == 4)
  }

  @Test func `targets and explanations know what is not written yet`() async throws {
    let (test, things) = try await world(3)
    let next = try await test.release("2.0", sequence: 2, publish: false)
    _ = try await test.poll(things[1].id, "1.0")
    let now = test.clock.now
    let order = test.order([next]) { $0.target = "lastSeen>=\(now.iso8601)" }
    let preview = try await test.service.planRollout(order, by: "op")
    #expect(preview.stages.map(\.things) == [1] && preview.stages[0].sample == [things[1].publicID])
    let rollout = try await test.service.createRollout(order, by: "op")
    _ = try await test.service.changeRollout(rollout.publicID, .start, by: "op")
    _ = try await test.poll(things[2].id, "1.0")
    for (thing, holds) in [(things[0], false), (things[1], true), (things[2], true)] {
      let accounts = try await test.service.explainThing(thing.publicID).mcus[0].rollouts
      let clauses = try #require(accounts.first { $0.publicID == rollout.publicID }).clauses
      #expect(clauses.filter { $0.text.contains("lastSeen") }.map(\.holds) == [holds])
    }
  }

  @Test func `is kept when memory lets go of the thing`() async throws {
    let (test, things) = try await world(2)
    for thing in things { _ = try await test.poll(thing.id, "1.0") }
    _ = try await test.service.rotateToken(of: things[0].publicID, overlap: nil, by: "op")
    try await test.service.retireThing(things[1].publicID, by: "op")
    let again = try await test.restarted()
    for thing in things { #expect(try await written(thing, again) == test.clock.now) }
  }

  @Test func `a thing that was heard is not silent, and takes nobody's place among those that may be`() async throws {
    let (test, things) = try await world(2)
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let rollout = try await test.rollOut(second) { ($0.silence, $0.haltAt) = (60, nil) }
    for thing in things { #expect(try await test.poll(thing.id, "1.0") == ["2.0"]) }
    try await test.service.flushSightings()
    test.clock.advance(seconds: 120)
    _ = try await test.poll(things[0].id, "1.0")
    try await test.service.advanceRollouts()
    let counts = try await test.service.showRollout(rollout.publicID).counts
    #expect(Dictionary(uniqueKeysWithValues: counts.map { ($0.state, $0.count) }) == [.offered: 1, .silent: 1])
    #expect(try await written(things[0], test) == test.clock.now)
  }

  @Test func `is all written when the service stops`() async throws {
    let (test, things) = try await world(3)
    for thing in things { _ = try await test.poll(thing.id, "1.0") }
    let recorder = FleetRecorder(service: test.service, interval: .seconds(3600), times: .seconds(360_000))
    let group = ServiceGroup(configuration: .init(services: [recorder], logger: test.service.log))
    let running = Task { try await group.run() }
    await group.triggerGracefulShutdown()
    try await running.value
    for thing in things { #expect(try await written(thing, test) == test.clock.now) }
  }

  @Test func `of what cannot be written the rest is kept, and nothing of the others is lost`() async throws {
    let (test, things) = try await world(4)
    try await test.release("2.0", sequence: 2)
    for thing in things { #expect(try await test.poll(thing.id) == ["2.0"]) }
    let refused = things[2].id
    try await test.catalog.write { db in
      try db.execute(
        sql: """
          CREATE TRIGGER notThis BEFORE UPDATE OF lastSeenAt ON thing WHEN NEW.id = \(refused)
          BEGIN SELECT RAISE(ABORT, 'not now'); END
          """)
    }
    await #expect(throws: ServiceError.self) { try await test.service.flushSightings() }
    #expect(try await test.service.showStatus(model: nil).last?.counts == [.offered: 4])
    try await test.catalog.write { try $0.execute(sql: "DROP TRIGGER notThis") }
    for turn in 0..<3 { try await test.service.recordSightings(turn: turn, of: 3) }
    for thing in things { #expect(try await written(thing, test) == test.clock.now) }
  }

  @Test func `however it is written while things come, the last time is the one that stays`() async throws {
    let (test, things) = try await world(40)
    let fleet = test.service.fleet
    let start = test.clock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      for share in 0..<4 {
        group.addTask {
          for step in 1...2000 as ClosedRange<Int64> {
            let thing = things[Int(step &* 7) % 10 + share * 10]
            fleet.hear(thing.id, at: Timestamp(milliseconds: start.milliseconds + step))
            if step % 50 == 0 { await Task.yield() }
          }
        }
      }
      group.addTask { for turn in 0..<60 { try await fleet.flushHeard(HeardThings.parts(ofTurn: turn % 2, of: 2)) } }
      group.addTask { for step in 0..<60 { try await fleet.flushHeard(of: [things[step % 40].id]) } }
      group.addTask { for _ in 0..<20 { try await test.service.flushSightings() } }
      try await group.waitForAll()
    }
    try await test.service.flushSightings()
    let known = fleet.heardTimes(of: things.map(\.id))
    #expect(known.count == 40)
    for thing in things { #expect(try await written(thing, test) == known[thing.id]) }
  }

  @Test func `more marked things than are looked at at once are all written, and those behind a failure later`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("2.0", sequence: 2)
    let tokens = try await test.service.createCodes(for: "lamp", count: 300, by: "op")
    var ids: [Int64] = []
    for code in tokens {
      let token = try await test.service.activateThing(code: code.code)
      ids.append(try await test.service.identifyThing(token.secret))
    }
    for id in ids { #expect(try await test.poll(id) == ["2.0"]) }
    let last = ids.max()!
    try await test.catalog.write { db in
      try db.execute(
        sql: """
          CREATE TRIGGER notThis BEFORE INSERT ON installation WHEN NEW.thingId = \(last)
          BEGIN SELECT RAISE(ABORT, 'not now'); END
          """)
    }
    await #expect(throws: ServiceError.self) { try await test.service.flushObservations() }
    // But for the twelve that were taken together with it.
    #expect(try await test.catalog.stateCounts().map(\.count) == [288])
    try await test.catalog.write { try $0.execute(sql: "DROP TRIGGER notThis") }
    try await test.service.flushObservations()
    #expect(try await test.catalog.stateCounts().map(\.count) == [300])
  }
}
