import Catalog
import Domain
import Synchronization
import Testing

@testable import FirmwareService

@Suite("Rollouts in the service") struct RolloutServiceTests {
  private func start(
    _ test: TestService, stages: [RolloutStage.Scope] = [.share(1_000_000)], _ change: (inout RolloutPlan) -> Void
  ) async throws -> Rollout {
    try await test.createModel()
    let firmware = try await test.release("2.0", sequence: 2, publish: false)
    var plan = RolloutPlan()
    (plan.haltAt, plan.silence) = (nil, nil)
    change(&plan)
    let rollout = try await test.service.createRollout(
      RolloutOrder(model: "lamp", firmwares: [firmware.publicID], version: nil, stages: stages, plan: plan), by: "op")
    return try await test.service.changeRollout(rollout.publicID, .start, by: "op")
  }

  private func activate(_ test: TestService, _ count: Int) async throws -> [(token: ThingToken, id: Int64)] {
    var things: [(token: ThingToken, id: Int64)] = []
    for code in try await test.service.createCodes(for: "lamp", count: count, by: "op") {
      let token = try await test.service.activateThing(code: code.code)
      things.append((token, try await test.service.identifyThing(token.secret)))
    }
    return things
  }

  private func counts(_ test: TestService, _ rollout: Rollout) async throws -> [DeliveryState: Int] {
    let report = try await test.service.showRollout(rollout.publicID)
    return Dictionary(report.counts.map { ($0.state, $0.count) }, uniquingKeysWith: +)
  }

  // MARK: At once

  /// What happened when, by one counter: every begin and end has a number of its own.
  private final class History: Sendable {
    struct Poll: Sendable { let begin: Int, end: Int, isOffered: Bool }
    private struct State {
      var ticks = 0
      var polls: [Poll] = []
      /// From the return of what stopped the rollout to the call that lets it go on.
      var stops: [ClosedRange<Int>] = []
      var isOver = false
    }
    private let state = Mutex(State())

    func tick() -> Int {
      state.withLock { state in
        state.ticks += 1
        return state.ticks
      }
    }
    func add(_ poll: Poll) { state.withLock { $0.polls.append(poll) } }
    func add(_ stop: ClosedRange<Int>) { state.withLock { $0.stops.append(stop) } }
    func end() { state.withLock { $0.isOver = true } }
    var isOver: Bool { state.withLock { $0.isOver } }
    var polls: [Poll] { state.withLock { $0.polls } }
    var stops: [ClosedRange<Int>] { state.withLock { $0.stops } }
  }

  @Test func `no poll that begins after a pause or a halt has returned is offered it`() async throws {
    let test = try await TestService()
    let rollout = try await start(test) { ($0.haltAt, $0.minSample, $0.attempts) = (0, 1, 1) }
    try await test.service.advanceRollouts()
    let things = try await activate(test, 8)
    let failing = try await activate(test, 10)
    for thing in failing { #expect(try await test.poll(thing.id, "1.0") == ["2.0"]) }
    let history = History()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, thing) in things.enumerated() {
        group.addTask {
          while !history.isOver {
            let begin = history.tick()
            // Half of them come by the way that waits for nothing.
            let quick = number % 2 == 0 ? test.quickPoll(thing.token) : nil
            let offers = if let quick { quick } else { try await test.service.offerFirmware(to: thing.id, running: nil).known }
            let isOffered = offers.firmwares.contains { $0.isUpdate }
            history.add(.init(begin: begin, end: history.tick(), isOffered: isOffered))
            await Task.yield()
          }
        }
      }
      group.addTask {
        defer { history.end() }
        for thing in failing {
          _ = try await test.service.changeRollout(rollout.publicID, .pause, by: "op")
          let paused = history.tick()
          for thing in things.prefix(3) { #expect(try await test.poll(thing.id) == []) }
          history.add(paused...history.tick())
          _ = try await test.service.changeRollout(rollout.publicID, .resume, by: "op")
          for thing in things.prefix(3) { #expect(try await test.poll(thing.id) == ["2.0"]) }
          try await test.report(thing.id, "2.0", .failed)
          let halted = history.tick()
          for thing in things.prefix(3) { #expect(try await test.poll(thing.id) == []) }
          history.add(halted...history.tick())
          #expect(try test.service.rollout(rollout.publicID).state == .halted)
          _ = try await test.service.changeRollout(rollout.publicID, .resume, by: "op")
        }
      }
      try await group.waitForAll()
    }
    #expect(history.stops.count == 20)
    #expect(history.polls.contains { $0.isOffered } && history.polls.contains { !$0.isOffered })
    for stop in history.stops {
      #expect(!history.polls.contains { $0.isOffered && $0.begin > stop.lowerBound && $0.end < stop.upperBound })
    }
    try await test.service.flushSightings()
    #expect(try await test.catalog.wrongRolloutCounts().isEmpty)
  }

  @Test func `a stage of hundreds is counted once and whole while they ask, whether memory has them or not`() async throws {
    let before = try await TestService()
    let rollout = try await start(before) { _ in }
    let things = try await activate(before, 300)
    let test = try await before.restarted()
    for thing in things.prefix(150) { _ = try await test.service.identifyThing(thing.token.secret) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await test.service.advanceRollouts() }
      for part in 0..<4 {
        group.addTask {
          for thing in things[(part * 50)..<(part * 50 + 50)] {
            _ = try await test.service.identifyThing(thing.token.secret)
            _ = try await test.poll(thing.id)
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(try test.service.rollout(rollout.publicID).stages[0].countedAt != nil)
    #expect(try await counts(test, rollout).values.reduce(0, +) == 300)
    // From what memory has of them, and of those that it had not.
    for thing in things { #expect(try await test.poll(thing.id) == ["2.0"]) }
    #expect(try await counts(test, rollout) == [.offered: 300])
    #expect(try await test.catalog.wrongRolloutCounts().isEmpty)
    let again = try await test.restarted()
    #expect(try await counts(again, rollout) == [.offered: 300])
  }

  @Test func `failures that come at once halt it with no more than were under way, and it is told once`() async throws {
    let test = try await TestService()
    let rollout = try await start(test) { ($0.haltAt, $0.minSample, $0.attempts) = (0.2, 5, 1) }
    try await test.service.advanceRollouts()
    let things = try await activate(test, 40)
    for thing in things { #expect(try await test.poll(thing.id, "1.0") == ["2.0"]) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for thing in things { group.addTask { try await test.report(thing.id, "2.0", .failed) } }
      try await group.waitForAll()
    }
    #expect(try test.service.rollout(rollout.publicID).state == .halted)
    #expect(try await counts(test, rollout) == [.failed: 40])
    let halted = try await test.restarted()
    #expect(try halted.service.rollout(rollout.publicID).state == .halted)
    #expect(try await halted.catalog.wrongRolloutCounts().isEmpty)
    let late = try await activate(halted, 1)[0]
    #expect(try await halted.poll(late.id, "1.0") == [])
  }

  // MARK: Restarts

  @Test func `counting a stage goes on after a restart in the middle of it`() async throws {
    let test = try await TestService()
    let rollout = try await start(test) { _ in }
    let things = try await activate(test, 9)
    for thing in things { _ = try await test.service.offerFirmware(to: thing.id, running: nil) }
    let now = test.clock.now
    try await test.catalog.changeRollout(
      rollout.id,
      { rollout, _ in
        rollout.stages[0].openedAt = now
        return []
      }, committed: { _ in })
    let waiting = Delivery(rolloutID: rollout.id, stage: 0, state: .waiting, reason: "notSeen", since: now)
    try await test.catalog.enroll(things.prefix(4).map(\.id), waiting).wait()
    let again = try await test.restarted()
    #expect(try again.service.rollout(rollout.publicID).stages[0].countedAt == nil)
    again.clock.advance(seconds: 5)
    try await again.service.advanceRollouts()
    let counted = try again.service.rollout(rollout.publicID)
    #expect(counted.stages[0].countedAt == again.clock.now && counted.state == .running)
    #expect(try await counts(again, rollout) == [.waiting: 9])
    let listed = try await again.service.listThings(
      ofRollout: rollout.publicID, state: nil, PageRequest(limit: 20, after: nil))
    #expect(listed.entries.filter { $0.delivery.since == now }.count == 4, "those that were there stay as they were")
    for thing in things { #expect(try await again.poll(thing.id, "1.0") == ["2.0"]) }
    for thing in things { _ = try await again.poll(thing.id, "2.0") }
    try await again.service.advanceRollouts()
    #expect(try again.service.rollout(rollout.publicID).state == .finished)
  }

  @Test func `silence is not blamed on things for the time in which the service was not there`() async throws {
    let test = try await TestService()
    let rollout = try await start(test) { $0.silence = 100 }
    try await test.service.advanceRollouts()
    let thing = try await activate(test, 1)[0]
    #expect(try await test.poll(thing.id, "1.0") == ["2.0"])
    try await test.service.flushSightings()
    test.clock.advance(seconds: 1000)
    let again = try await test.restarted()
    again.clock.advance(seconds: 99)
    try await again.service.advanceRollouts()
    #expect(try await counts(again, rollout) == [.offered: 1])
    again.clock.advance(seconds: 1)
    try await again.service.advanceRollouts()
    #expect(try await counts(again, rollout) == [.silent: 1])
    #expect(try await again.poll(thing.id) == ["2.0"])
    #expect(try await counts(again, rollout) == [.offered: 1])
  }

  @Test func `a thing that polls is not silent, however long it takes`() async throws {
    let test = try await TestService()
    let rollout = try await start(test) { $0.silence = 100 }
    try await test.service.advanceRollouts()
    let things = try await activate(test, 2)
    for thing in things { _ = try await test.poll(thing.id, "1.0") }
    for _ in 0..<5 {
      test.clock.advance(seconds: 60)
      _ = try await test.poll(things[0].id)
      try await test.service.advanceRollouts()
    }
    #expect(try await counts(test, rollout) == [.offered: 1, .silent: 1])
  }

  // MARK: Facts

  @Test func `a write that closes the gate holds for the very next poll, by both ways`() async throws {
    let test = try await TestService()
    _ = try await start(test) { $0.gate = "resource.idle==true and setting.night.mode!=off" }
    try await test.service.advanceRollouts()
    let thing = try await activate(test, 1)[0]
    func offered() async throws -> [Bool] {
      let waited = try await test.poll(thing.id).contains("2.0")
      let quick = try #require(test.quickPoll(thing.token))
      return [waited, quick.firmwares.contains { $0.isUpdate }]
    }
    func write(_ key: String, _ value: JSONValue, _ seconds: Int64 = 0) async throws {
      let record = ResourceRecord(key: key, value: value, datetime: test.clock.now.adding(seconds: seconds))
      try await test.service.writeResources([record], of: thing.id)
    }
    #expect(try await test.poll(thing.id, "1.0") == [])
    try await write("$settings", .object(["night": .object(["mode": .string("on")])]))
    for _ in 0..<3 {
      try await write("idle", .bool(true))
      #expect(try await offered() == [true, true])
      try await write("idle", .bool(false))
      #expect(try await offered() == [false, false])
    }
    try await write("idle", .bool(true), -60)
    #expect(try await offered() == [false, false], "what was measured before is not what is now")
    try await write("idle", .bool(true), 1)
    #expect(try await offered() == [true, true])
    try await write("$settings.night.mode", .string("off"))
    _ = try await test.poll(thing.id)
    #expect(try await offered() == [false, false])
  }

  @Test func `tags and links that change hold for the very next poll`() async throws {
    let test = try await TestService()
    _ = try await start(test) { $0.gate = "tag==idle and linked==true" }
    try await test.service.advanceRollouts()
    let thing = try await activate(test, 1)[0]
    let new = NewUser(publicID: "u", email: "ann@example.org", passwordHash: "p")
    let session = NewSession(hash: Array(repeating: 1, count: 32), expiresAt: test.clock.now.adding(seconds: 1000))
    guard
      case .created(let account) = try await test.catalog.enrol(
        new, app: "one", isOpen: true, session: session, at: test.clock.now)
    else { throw CancellationError() }
    let user = SessionUser(
      userID: account.id, appID: account.appID, publicID: "u", email: new.email, sessionHash: session.hash,
      expiresAt: session.expiresAt)
    #expect(try await test.poll(thing.id, "1.0") == [])
    for _ in 0..<2 {
      _ = try await test.service.addTags(["idle"], to: thing.id)
      #expect(try await test.poll(thing.id) == [])
      _ = try await test.service.linkThing(.token(thing.token.secret), to: user)
      #expect(try await test.poll(thing.id) == ["2.0"])
      try await test.service.removeTag("idle", of: thing.id)
      #expect(try await test.poll(thing.id) == [])
      _ = try await test.service.addTags(["idle"], to: thing.id)
      #expect(try await test.poll(thing.id) == ["2.0"])
      try await test.service.unlinkThing(.token(thing.token.secret), from: user)
      #expect(try await test.poll(thing.id) == [])
    }
  }
}
