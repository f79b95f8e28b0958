import Domain
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("The history of a thing") struct ThingEventTests {
  private struct Refused: Error {}

  /// What the catalog knows of a thing, and what its history would make of it.
  private struct Known: Equatable {
    var running: [String: String] = [:]
    var states: [String: String] = [:]
    var ends: [String: String] = [:]
  }

  private func told(_ catalog: Catalog, of thingID: Int64) async throws -> Known {
    var known = Known()
    for event in try await catalog.events(of: thingID, before: nil, limit: 1000).reversed() {
      switch event.kind {
      case .running: known.running[event.mcu ?? ""] = event.version
      case .state: known.states["\(event.mcu ?? "") \(event.version ?? "")"] = event.state?.rawValue
      case .joined, .ended: known.ends[event.rollout ?? ""] = event.state?.rawValue
      default: break
      }
    }
    return known
  }

  private func stands(_ catalog: Catalog, of thingID: Int64) async throws -> Known {
    try await catalog.read { db in
      var known = Known()
      let mcus = try Row.fetchAll(
        db, sql: "SELECT name, running FROM thingMCU JOIN mcu ON mcu.id = mcuId WHERE thingId = ? AND running IS NOT NULL",
        arguments: [thingID])
      for row in mcus { known.running[row["name"]] = row["running"] as String }
      let installations = try Row.fetchAll(
        db,
        sql: """
          SELECT mcu.name, firmware.version, state FROM installation JOIN firmware ON firmware.id = firmwareId
          JOIN mcu ON mcu.id = firmware.mcuId WHERE thingId = ?
          """, arguments: [thingID])
      for row in installations { known.states["\(row["name"] as String) \(row["version"] as String)"] = row["state"] }
      let deliveries = try Row.fetchAll(
        db, sql: "SELECT publicId, delivery.state FROM delivery JOIN rollout ON rollout.id = rolloutId WHERE thingId = ?",
        arguments: [thingID])
      for row in deliveries { known.ends[row["publicId"]] = row["state"] as String }
      return known
    }
  }

  private func change(_ test: TestCatalog, _ thing: Thing, _ version: String, _ number: Int64) -> StandingChange {
    StandingChange(
      thingID: thing.id,
      mcus: [
        MCUStanding(mcuID: test.model.mcus[0].id, running: version, reportedAt: .start.adding(seconds: number))
      ])
  }

  @Test func `and its state never part, whatever is written and whatever is taken back`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    var firmwares: [Firmware] = []
    for sequence in 1...4 {
      let new = test.firmware("\(sequence).0", sequence: Int64(sequence), mcu: sequence % 2)
      firmwares.append(try #require(try await test.register(new, publish: true).firmware))
    }
    let rollouts = try await test.catalog.rollouts().map(\.id)
    var random = SeededGenerator(seed: 7)
    var refused = 0
    for step in 1...400 {
      let now = Timestamp.start.adding(seconds: Int64(step))
      let firmware = firmwares[Int(random.next() % 4)]
      let state = InstallationState.allCases[Int(random.next() % UInt64(InstallationState.allCases.count))]
      let ends: [DeliveryState] = [.confirmed, .claimed, .failed, .rejected, .rolledBack, .silent]
      let end = ends[Int(random.next() % UInt64(ends.count))]
      let change = StandingChange(
        thingID: thing.id,
        mcus: [MCUStanding(mcuID: firmware.mcuID, running: "\(random.next() % 3)", boot: "\(step)", reportedAt: now)],
        installations: [Installation(firmwareID: firmware.id, state: state, since: now, bytesServed: Int64(step))],
        deliveries: [Delivery(rolloutID: rollouts[Int(random.next() % 4)], stage: 0, state: end, since: now)])
      let isRefused = random.next() % 3 == 0
      let pending = test.catalog.enqueue { db in
        try Catalog.record(change, db)
        if isRefused { throw Refused() }
      }
      do { try await pending.wait() } catch is Refused { refused += 1 }
      if step % 20 == 0 {
        let (told, stands) = (try await told(test.catalog, of: thing.id), try await stands(test.catalog, of: thing.id))
        #expect(told == stands, "after \(step)")
      }
    }
    #expect(refused > 50)
    let stands = try await stands(test.catalog, of: thing.id)
    #expect(stands.running.count == 2 && stands.states.count == 4 && stands.ends.count == 4)
    let events = try await test.catalog.events(of: thing.id, before: nil, limit: 1000)
    #expect(events.map(\.number) == Array((1...Int64(events.count)).reversed()), "none is missing and none is there twice")
    #expect(try await test.catalog.integrityProblems() == [])
  }

  @Test func `has nothing of what was refused or of a transaction that ended, and all of what was kept`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    let before = try await test.catalog.events(of: thing.id, before: nil, limit: 10)
    #expect(before.map(\.kind) == [.activated, .created] && before.allSatisfy { $0.at == .start })
    let gate = DispatchSemaphore(value: 0)
    // Open once it was opened: what shares a transaction with a refused change is made twice.
    let held = test.catalog.enqueue { _ in
      gate.wait()
      gate.signal()
    }
    let (first, second, third) = (change(test, thing, "1", 1), change(test, thing, "2", 2), change(test, thing, "3", 3))
    let kept = test.catalog.record([first])
    let refused = test.catalog.enqueue { db in
      try Catalog.record(second, db)
      throw Refused()
    }
    let last = test.catalog.record([third])
    gate.signal()
    try await held.wait()
    try await kept.wait()
    await #expect(throws: Refused.self) { try await refused.wait() }
    try await last.wait()
    let after = try await test.catalog.events(of: thing.id, before: nil, limit: 10)
    #expect(after.map(\.version) == ["3", "1", nil, nil] && after.map(\.number) == [4, 3, 2, 1])
    #expect(after.first?.at == .start.adding(seconds: 3) && after.first?.mcu == "main" && after.first?.kind == .running)

    let ended = test.catalog.enqueue { db in
      try Catalog.record(second, db)
      try db.execute(sql: "ROLLBACK")
      throw Refused()
    }
    await #expect(throws: (any Error).self) { try await ended.wait() }
    let again = try await test.catalog.events(of: thing.id, before: nil, limit: 10)
    let standing = try #require(try await test.catalog.standing(of: thing.id))
    #expect(again == after && standing.mcus.map(\.running) == ["3"])
  }

  @Test func `says nothing of what is said again, and once more of a download that failed once more`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    let firmware = try #require(try await test.register(test.firmware("1.0", sequence: 1)).firmware)
    var change = change(test, thing, "0", 1)
    var installation = Installation(firmwareID: firmware.id, state: .downloading, since: .start)
    change.installations = [installation]
    for bytes: Int64 in [1, 2, 3] {
      change.installations[0].bytesServed = bytes
      change.mcus[0].boot = "\(bytes)"
      try await test.catalog.record([change]).wait()
    }
    installation.state = .offered
    for attempt in 1...2 {
      (installation.attempts, installation.code, installation.since) = (attempt, "E\(attempt)", .start.adding(seconds: 9))
      change.installations = [installation]
      try await test.catalog.record([change]).wait()
    }
    let events = try await test.catalog.events(of: thing.id, before: nil, limit: 10)
    #expect(events.map { $0.state?.rawValue } == ["offered", "offered", "downloading", nil, nil, nil])
    #expect(events.map(\.code) == ["E2", "E1", nil, nil, nil, nil])
    #expect(events.prefix(3).map(\.version) == ["1.0", "1.0", "1.0"])
    try await test.catalog.retry([firmware.id], of: thing.id, audit: .deed("retry")).wait()
    #expect(try await test.catalog.events(of: thing.id, before: nil, limit: 1).map(\.kind) == [.retried])
  }

  @Test func `has the newest thousand, however often the thing changes its mind`() async throws {
    let test = try await TestCatalog()
    let (thing, other) = (try await test.createThing(1), try await test.createThing(2))
    try await test.catalog.record((1...1100).map { change(test, thing, "\($0)", $0) }).wait()
    let events = try await test.catalog.events(of: thing.id, before: nil, limit: 5000)
    #expect(events.count == 1000 && events.first?.version == "1100" && events.last?.version == "101")
    #expect(try await test.catalog.events(of: thing.id, before: events[9].number, limit: 2).map(\.version) == ["1090", "1089"])
    #expect(try await test.catalog.events(of: other.id, before: nil, limit: 10).count == 2)
  }

  @Test func `old events go from the beginning of the store, so many at a time`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    try await test.catalog.record((1...20).map { change(test, thing, "\($0)", $0) }).wait()
    let moment = Timestamp.start.adding(seconds: 11)
    #expect(try await test.catalog.deleteEvents(before: moment, most: 5) == 5)
    #expect(try await test.catalog.deleteEvents(before: moment, most: 50) == 7)
    #expect(try await test.catalog.deleteEvents(before: moment, most: 50) == 0)
    let left = try await test.catalog.events(of: thing.id, before: nil, limit: 100)
    #expect(left.count == 10 && left.last?.version == "11")
    try await test.catalog.record([change(test, thing, "new", 30)]).wait()
    #expect(try await test.catalog.events(of: thing.id, before: nil, limit: 1).map(\.number) == [23])
  }

  @Test func `and the filtered audit log are read by their indexes, without sorting`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    let plans = QueryPlanTests()
    let statements = try await plans.statements(test.catalog) {
      _ = try await test.catalog.events(of: thing.id, before: 5, limit: 10)
      for filter in [AuditFilter(subject: "x"), AuditFilter(actor: "tester"), AuditFilter(action: "code.create")] {
        #expect(try await test.catalog.auditEntries(where: filter, after: nil, limit: 10).isEmpty == false)
      }
      let all = AuditFilter(subject: "x", actor: "tester", action: "model.create")
      #expect(try await test.catalog.auditEntries(where: all, after: nil, limit: 10).count == 1)
      #expect(try await test.catalog.auditEntries(where: all, after: 1, limit: 10).isEmpty)
    }
    #expect(statements.count == 6)
    for statement in statements {
      let plan = try await plans.plan(statement, test.catalog).joined(separator: ";")
      #expect(!plan.contains("SCAN") && !plan.contains("TEMP B-TREE"), "\(statement): \(plan)")
      #expect(plan.contains("INDEX auditEntryBy") || statement.contains("thingEvent"), "\(statement): \(plan)")
    }
  }
}
