import Catalog
import Domain
import Rollouts
import Testing

@testable import FirmwareService

/// What went wrong once, of what rollouts conclude from their things.
@Suite("Rollouts, reviewed: progress") struct RolloutReviewProgressTests {
  // MARK: The dead and the silent

  @Test func `a thing that never comes does not keep a rollout from halting`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let things = try await test.activate(15, running: "1.0")
    let rollout = try await test.rollOut(second)
    for thing in things.dropLast() {
      #expect(try await test.poll(thing) == ["2.0"])
      try await test.fail(thing, "2.0")
    }
    try await test.service.advanceRollouts()
    #expect(try test.state(of: rollout) == .running, "one may still come")
    test.clock.advance(seconds: 7200)
    try await test.service.advanceRollouts()
    #expect(try test.state(of: rollout) == .halted)
  }

  @Test func `a thing that never comes does not keep the next stage from opening`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let things = try await test.activate(5, running: "1.0")
    for thing in things.prefix(3) { _ = try await test.service.addTags(["canary"], to: thing) }
    let rollout = try await test.rollOut(second, stages: [.tag("canary"), .share(1_000_000)])
    for thing in things.prefix(2) { try await test.update(thing, from: "1.0", to: "2.0") }
    try await test.service.advanceRollouts()
    #expect(try test.service.rollout(rollout.publicID).newestStage == 0)
    test.clock.advance(seconds: 7200)
    try await test.service.advanceRollouts()
    #expect(try test.service.rollout(rollout.publicID).newestStage == 1)
    #expect(try await test.poll(things[4]) == ["2.0"])
  }

  @Test func `what is only to be downloaded, and was, never turns silent`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let things = try await test.activate(5, running: "1.0")
    let rollout = try await test.rollOut(second) { ($0.downloadOnly, $0.minSample) = (true, 1) }
    for thing in things {
      #expect(try await test.poll(thing) == ["2.0"])
      _ = try await test.download(second, by: thing)
    }
    for _ in 0..<3 {
      try await test.service.advanceRollouts()
      #expect(try test.state(of: rollout) == .finished)
      #expect(try await test.deliveries(of: rollout) == [.downloaded: 5])
      test.clock.advance(seconds: 7300)
    }
  }

  @Test func `silence is not blamed on a thing that is heard while the silent are looked for`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let rollout = try await test.rollOut(second) { ($0.silence, $0.haltAt) = (60, nil) }
    #expect(try await test.poll(thing) == ["2.0"])
    try await test.service.flushSightings()
    test.clock.advance(seconds: 120)
    let now = test.clock.now
    let moment = now.adding(seconds: -60)
    let found = try await test.catalog.silentThings(of: rollout.id, since: moment, downloadOnly: false, limit: 10)
    #expect(found == [thing])
    #expect(try await test.poll(thing) == ["2.0"])
    try await test.service.flushSightings()
    let commit = try test.service.fleet.silence(thing, since: moment) { standing in
      guard let delivery = standing.delivery(of: rollout.id) else { return }
      DeliveryProgress.silenced(delivery, downloadOnly: false, at: now).map { standing.set($0) }
    }
    #expect(commit == nil)
    try await test.service.advanceRollouts()
    #expect(try await test.deliveries(of: rollout) == [.offered: 1])
  }

  @Test(arguments: [false, true])
  func `a gate that closes before the second MCU holds the thing, which is never silent`(isOffered: Bool) async throws {
    let test = try await TestService()
    try await test.createModel(mcus: ["main", "radio"])
    let radio = try await test.release("2.0", mcu: "radio", sequence: 1, publish: false)
    let main = try await test.release("2.0m", mcu: "main", sequence: 1, publish: false)
    let thing = try await test.activate().id
    _ = try await test.poll(thing, "1.0m", mcu: "main")
    _ = try await test.poll(thing, "1.0", mcu: "radio")
    let rollout = try await test.rollOut(radio, main) {
      ($0.gate, $0.silence, $0.minSample) = ("resource.battery>=40", 600, 1)
    }
    try await test.write("battery", .integer(80), of: thing)
    #expect(try await test.poll(thing) == ["2.0"])
    if isOffered { #expect(try await test.poll(thing, "2.0", mcu: "radio") == ["2.0m", "=2.0"]) }
    try await test.write("battery", .integer(5), of: thing)
    #expect(try await test.poll(thing, "2.0", mcu: "radio") == ["=2.0"])
    #expect(try await test.deliveries(of: rollout) == [.waiting: 1])
    test.clock.advance(seconds: 700)
    try await test.service.advanceRollouts()
    #expect(try await test.deliveries(of: rollout) == [.waiting: 1])
    #expect(try test.state(of: rollout) == .running)
    try await test.write("battery", .integer(80), of: thing)
    #expect(try await test.poll(thing) == ["2.0m", "=2.0"])
  }

  // MARK: Resuming

  @Test func `after resuming, new failures halt again although the old ones have recovered`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let things = try await test.activate(40, running: "1.0")
    let rollout = try await test.rollOut(second) { ($0.minSample, $0.silence) = (5, 60) }
    for thing in things.prefix(20) { #expect(try await test.poll(thing) == ["2.0"]) }
    test.clock.advance(seconds: 120)
    try await test.service.advanceRollouts()
    #expect(try test.state(of: rollout) == .halted)
    _ = try await test.service.changeRollout(rollout.publicID, .resume, by: "op")
    for thing in things.prefix(20) { _ = try await test.poll(thing, "2.0") }
    #expect(try test.state(of: rollout) == .running)
    for thing in things[20..<38] where try await test.poll(thing) == ["2.0"] { try await test.fail(thing, "2.0") }
    try await test.service.advanceRollouts()
    #expect(try test.state(of: rollout) == .halted)
  }

  @Test func `after resuming, no stage opens before anything new has come to an end`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let things = try await test.activate(20, running: "1.0")
    for thing in things.prefix(6) { _ = try await test.service.addTags(["canary"], to: thing) }
    let rollout = try await test.rollOut(second, stages: [.tag("canary"), .share(1_000_000)]) { $0.attempts = 1 }
    for thing in things.prefix(5) where try await test.poll(thing) == ["2.0"] { try await test.fail(thing, "2.0") }
    test.clock.advance(seconds: 7200)
    try await test.service.advanceRollouts()
    #expect(try test.state(of: rollout) == .halted)
    _ = try await test.service.changeRollout(rollout.publicID, .resume, by: "op")
    for _ in 0..<3 {
      try await test.service.advanceRollouts()
      let resumed = try test.service.rollout(rollout.publicID)
      #expect(resumed.state == .running && resumed.newestStage == 0)
      test.clock.advance(seconds: 86_400)
    }
    try await test.update(things[5], from: "1.0", to: "2.0")
    try await test.service.advanceRollouts()
    #expect(try test.service.rollout(rollout.publicID).newestStage == 1)
  }

  // MARK: Counting

  @Test func `a counting that is cut short is not taken as counted`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let model = try test.service.model("lamp")
    let new = (0..<5000).map { number in
      let hash = Array(repeating: UInt8(0), count: 24) + withUnsafeBytes(of: Int64(number).bigEndian, Array.init)
      return NewThing(publicID: "t\(number)", modelID: model.id, token: StoredToken(hash: hash, sealed: [1]))
    }
    let audit = AuditEntry(at: test.clock.now, actor: "op", action: "import", subject: "lamp")
    _ = try await test.catalog.importThings(new, namedIDs: [], at: test.clock.now, audit: audit)
    let rollout = try await test.service.createRollout(test.order([second]), by: "op")
    _ = try await test.service.changeRollout(rollout.publicID, .start, by: "op")
    for isCutAtOnce in [true, false] {
      let counting = Task { try await test.service.advanceRollouts() }
      while !isCutAtOnce, try await test.deliveries(of: rollout).isEmpty { await Task.yield() }
      counting.cancel()
      _ = await counting.result
      let isCounted = try test.service.rollout(rollout.publicID).stages[0].countedAt != nil
      if isCounted { #expect(try await test.deliveries(of: rollout) == [.waiting: 5000]) }
      #expect(!isCutAtOnce || !isCounted)
    }
    try await test.service.advanceRollouts()
    #expect(try test.service.rollout(rollout.publicID).stages[0].countedAt != nil)
    #expect(try await test.deliveries(of: rollout) == [.waiting: 5000])
  }

  @Test func `what has failed on a thing before leaves a rollout that cannot begin with it`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let first = try await test.rollOut(second) { $0.haltAt = nil }
    #expect(try await test.poll(thing) == ["2.0"])
    try await test.report(thing, "2.0", .rejected)
    _ = try await test.service.changeRollout(first.publicID, .cancel, by: "op")
    let again = try await test.rollOut(second)
    #expect(try await test.deliveries(of: again) == [.waiting: 1])
    #expect(try await test.poll(thing, "1.0") == [])
    try await test.service.advanceRollouts()
    #expect(try await test.deliveries(of: again) == [:])
    #expect(try test.state(of: again) == .finished)
  }

  @Test func `a thing that another rollout has taken leaves the one that it waited for`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let third = try await test.release("3.0", sequence: 3, publish: false)
    let thing = try await test.activate(1, running: "1.0")[0]
    let older = try await test.rollOut(second)
    #expect(try await test.poll(thing) == ["2.0"])
    let newer = try await test.rollOut(third) { ($0.attempts, $0.haltAt) = (1, nil) }
    #expect(try await test.poll(thing) == ["3.0"])
    #expect(try await test.deliveries(of: older) == [:])
    try await test.fail(thing, "3.0")
    _ = try await test.poll(thing, "1.0")
    try await test.service.advanceRollouts()
    #expect(try test.state(of: older) == .finished && test.state(of: newer) == .finished)
    #expect(try await test.deliveries(of: newer) == [.failed: 1])
    let interval = try test.service.model("lamp").pollInterval
    #expect(try await test.service.offerFirmware(to: thing, running: nil).retryAfter > interval / 2)
  }

  @Test func `codes of failures are counted by their first 64 characters`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let second = try await test.release("2.0", sequence: 2, publish: false)
    let rollout = try await test.rollOut(second) { ($0.attempts, $0.haltAt) = (1, nil) }
    let code = String(repeating: "c", count: 64)
    for thing in try await test.activate(2, running: "1.0") {
      try await test.report(thing, "2.0", .installing)
      try await test.report(
        thing, ["version": .string("2.0"), "status": .string("failed"), "code": .string(code + " of thing \(thing)")])
    }
    let counts = try await test.service.showRollout(rollout.publicID).counts.filter { $0.count > 0 }
    #expect(counts.map(\.reason) == [code] && counts.map(\.count) == [2])
  }
}
