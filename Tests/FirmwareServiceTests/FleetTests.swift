import Catalog
import Domain
import Synchronization
import Testing

@testable import FirmwareService

@Suite("A fleet at once") struct FleetTests {
  @Test func `two hundred things that poll, download and report at once are all counted right`() async throws {
    let test = try await TestService()
    try await test.createModel(mcus: ["main", "radio"])
    try await test.release("1.0", sequence: 1)
    let firmware = try await test.release("2.0", sequence: 2)
    let tokens = try await withThrowingTaskGroup(of: String.self) { group in
      for code in try await test.service.createCodes(for: "lamp", count: 200, by: "op") {
        group.addTask { try await test.service.activateThing(code: code.code).secret }
      }
      return try await group.reduce(into: [String]()) { $0.append($1) }
    }
    #expect(Set(tokens).count == 200)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, token) in tokens.enumerated() {
        group.addTask { try await live(number, token, firmware, test) }
        // What operators ask meanwhile disturbs nothing.
        if number % 20 == 0 { group.addTask { _ = try await test.counts("2.0") } }
      }
      try await group.waitForAll()
    }
    let expected: [InstallationState: Int] = [
      .offered: 20, .downloading: 20, .downloaded: 20, .installing: 20, .installed: 20, .confirmed: 40, .failed: 20,
      .rejected: 20, .rolledBack: 20,
    ]
    #expect(try await test.counts("2.0") == expected)
    #expect(try await test.running("1.0") == 160)
    #expect(try await test.running("2.0") == 40)
    let again = try await test.restarted()
    #expect(try await again.counts("2.0") == expected)
    #expect(try await again.running("1.0") == 160)
    #expect(try await again.service.verifyStore().findings == [])
  }

  /// One thing's life, up to where its number says.
  private func live(_ number: Int, _ token: String, _ firmware: Firmware, _ test: TestService) async throws {
    let thing = try await test.service.identifyThing(token)
    #expect(try await test.poll(thing, "1.0", mcu: "main", boot: "a") == ["2.0"])
    let end = number % 10
    if end == 0 { return }
    _ = try await test.download(firmware, by: thing, 0..<3000)
    if end == 1 { return }
    _ = try await test.download(firmware, by: thing, 2000..<5000)
    if end == 2 { return }
    switch end {
    case 3: try await test.report(thing, "2.0", .installing, mcu: "main")
    case 4: try await test.report(thing, "2.0", .failed, mcu: "main")
    case 5: try await test.report(thing, "2.0", .rejected, mcu: "main")
    default:
      try await test.report(thing, "2.0", .installed, mcu: "main")
      if end == 6 { return }
      let says = end == 7 ? "1.0" : "2.0"
      #expect(try await test.poll(thing, says, mcu: "main", boot: "b") == ["=\(says)"])
    }
  }

  @Test func `one thing that speaks over many connections at once ends in one state`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let firmware = try await test.release("2.0", sequence: 2)
    let thing = try await test.activate()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<100 {
        group.addTask {
          switch number % 4 {
          case 0: _ = try await test.poll(thing.id)
          case 1: _ = try await test.download(firmware, by: thing.id, Int64(number * 50)..<Int64(number * 50 + 50))
          case 2: try await test.report(thing.id, "2.0", .installed, boot: "a")
          default: _ = try await test.poll(thing.id, "1.0", boot: "a")
          }
        }
      }
      try await group.waitForAll()
    }
    let held = try await test.service.showThing(thing.publicID).mcus[0]
    #expect(held.installation?.state == .installed && held.standing?.running == "1.0")
    let again = try await test.restarted()
    let kept = try await again.service.showThing(thing.publicID).mcus[0]
    #expect(kept.installation == held.installation && kept.standing == held.standing)
    #expect(try await again.poll(thing.id, "2.0", boot: "b") == ["=2.0"])
  }

  @Test func `activations, resets and polls at once never leave a token that works twice`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    var tokens = [thing.token]
    for _ in 0..<20 {
      let known = tokens
      let code = try await withThrowingTaskGroup(of: String?.self) { group in
        for token in known {
          group.addTask {
            _ = try? await test.service.identifyThing(token.secret)
            return nil
          }
        }
        group.addTask { try await test.service.resetThing(thing.publicID, by: "op") }
        return try await group.reduce(into: String?.none) { code, found in code = code ?? found }
      }
      tokens.append(try await test.service.activateThing(code: try #require(code)))
      for token in tokens.dropLast() {
        await expectRefusal(.unknownThing) { _ = try await test.service.identifyThing(token.secret) }
      }
      #expect(try await test.service.identifyThing(try #require(tokens.last).secret) == thing.id)
    }
  }

  @Test func `what failed stays pardoned on a thing that was being read at that moment`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    let firmware = try await test.release("2.0", sequence: 2, publish: false)
    let rollout = try await test.rollOut(firmware) { ($0.haltAt, $0.attempts) = (nil, 1) }
    let thing = try await test.activate()
    _ = try await test.poll(thing.id, "1.0")
    try await test.report(thing.id, "2.0", .failed)
    try await test.service.flushSightings()
    let (catalog, race) = (test.catalog, Race())
    // The row is read, then the failure is pardoned, and only then does the reader come to use what it read.
    let fleet = FleetTable(catalog: catalog) { hash in
      let found = try await catalog.owner(ofToken: hash)
      if race.begins() { try await race.fleet.withLock { $0 }?.pardon(rollout.id).wait() }
      return found
    }
    race.fleet.withLock { $0 = fleet }
    #expect(try await fleet.identify(thing.token, at: test.clock.now) == thing.id)
    let delivery = try #require(try await fleet.standing(of: thing.id)?.delivery(of: rollout.id))
    #expect(delivery.state == .failed && delivery.isPardoned)
  }
}
