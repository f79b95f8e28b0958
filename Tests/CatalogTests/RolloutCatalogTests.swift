import Domain
import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Catalog

@Suite("Rollouts in the catalog") struct RolloutCatalogTests {
  private func rollout(_ test: TestCatalog, _ number: Int = 1, stages: Int = 1) async throws -> Rollout {
    let row = NewRolloutRow(
      publicID: "r\(number)", modelID: test.model.id, plan: RolloutPlan(), items: [],
      stages: (1...stages).map { RolloutStage(scope: .share($0 * 1000), openedAt: .start) }, state: .running,
      createdBy: "tester")
    return try await test.catalog.createRollout(row, at: .start, audit: .deed("rollout.create")) { rollout in
      RolloutEvent(rolloutID: rollout.publicID, model: "lamp", at: .start, kind: .created)
    }[0].rollout
  }

  private func things(_ test: TestCatalog, _ count: UInt8) async throws -> [Int64] {
    var ids: [Int64] = []
    for number in 1...count { ids.append(try await test.createThing(number).id) }
    return ids
  }

  private func delivery(_ rollout: Rollout, _ state: DeliveryState, stage: Int = 0, _ reason: String = "") -> Delivery {
    Delivery(rolloutID: rollout.id, stage: stage, state: state, reason: reason, since: .start)
  }

  private func counts(_ test: TestCatalog, _ rollout: Rollout) async throws -> [DeliveryState: Int] {
    let counts = try await test.catalog.rolloutCounts(of: [rollout.id])[rollout.id] ?? []
    return Dictionary(counts.map { ($0.state, $0.count) }, uniquingKeysWith: +)
  }

  // MARK: Halts

  /// Halts with more than two failures.
  private static let rule: FailureWatch.Rule = { rollout, counts in
    let failures = counts.reduce(0) { $0 + ($1.state.isFailure ? $1.count : 0) }
    guard rollout.state == .running, failures > 2 else { return nil }
    return (
      "\(failures) failed", RolloutEvent(rolloutID: rollout.publicID, model: "lamp", at: .start, kind: .halted)
    )
  }

  /// What each commit of the writer has left behind, as another connection sees it.
  private final class Witness: TransactionObserver, Sendable {
    let reader: DatabaseQueue
    let states = Mutex<[(failures: Int, state: String, events: Int)]>([])

    init(_ path: String) throws {
      var configuration = Configuration()
      configuration.readonly = true
      reader = try DatabaseQueue(path: path, configuration: configuration)
    }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidRollback(_ db: Database) {}
    func databaseDidCommit(_ db: Database) {
      let row = try? reader.read { db in
        try Row.fetchOne(
          db,
          sql: """
            SELECT (SELECT COUNT(*) FROM delivery WHERE state IN ('failed', 'rejected', 'rolledBack', 'silent')) AS failures,
              (SELECT state FROM rollout) AS state, (SELECT COUNT(*) FROM rolloutEvent WHERE kind = 'halted') AS events
            """)
      }
      guard let row else { return states.withLock { $0.append((-1, "unread", 0)) } }
      states.withLock { $0.append((row["failures"], row["state"], row["events"])) }
    }
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func `at no committed state are there too many failures without the halt`(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let test = try await TestCatalog()
    let rollout = try await rollout(test)
    let things = try await things(test, 12)
    let told = Mutex<[RolloutState]>([])
    test.catalog.failures.watch(by: Self.rule) { changes in
      told.withLock { $0 += changes.map(\.rollout.state) }
    }
    let witness = try Witness(test.path)
    try await test.catalog.enqueue { $0.add(transactionObserver: witness, extent: .databaseLifetime) }.wait()
    let states: [DeliveryState] = [.offered, .installed, .confirmed, .failed, .rolledBack, .silent]
    for _ in 0..<10 {
      // Several at once share a commit, some of them with values.
      let pending = (0..<Int.random(in: 1...4, using: &random)).map { _ in
        let thingID = things.randomElement(using: &random)!
        let change = StandingChange(
          thingID: thingID, deliveries: [delivery(rollout, states.randomElement(using: &random)!)])
        guard Bool.random(using: &random) else { return test.catalog.record([change]) }
        let value = StoredValue(key: "t", value: "1", datetime: .start)
        return test.catalog.record([change], ResourceBatch(thingID: thingID, changes: [.append(value)], arrivedAt: .start))
      }
      for commit in pending { try await commit.wait() }
    }
    for thing in things.prefix(4) {
      try await test.catalog.record([StandingChange(thingID: thing, deliveries: [delivery(rollout, .failed)])]).wait()
    }
    let seen = witness.states.withLock { $0 }
    #expect(seen.count >= 10 && seen.contains { $0.state == "running" })
    for state in seen {
      #expect(state.failures >= 0 && (state.failures <= 2 || state.state == "halted"), "\(state)")
      #expect(state.events == (state.state == "halted" ? 1 : 0), "the halt and its event are one: \(state)")
    }
    #expect(told.withLock { $0 } == [.halted])
    #expect(try await test.catalog.rollouts()[0].haltReason?.hasSuffix("failed") == true)
  }

  @Test func `a change that is refused halts nothing`() async throws {
    let test = try await TestCatalog()
    let rollout = try await rollout(test)
    let things = try await things(test, 3)
    test.catalog.failures.watch(by: Self.rule) { _ in Issue.record("nothing has halted") }
    let failures = things.map { StandingChange(thingID: $0, deliveries: [delivery(rollout, .failed)]) }
    let unknown = Installation(firmwareID: 9999, state: .failed, since: .start)
    await #expect(throws: CatalogError.self) {
      try await test.catalog.record(failures + [StandingChange(thingID: things[0], installations: [unknown])]).wait()
    }
    #expect(try await test.catalog.rollouts()[0].state == .running)
    #expect(try await counts(test, rollout) == [:])
  }

  // MARK: Counters

  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func `the counters are what a scan finds, whatever happens to the rows`(seed: UInt64) async throws {
    var random = SeededGenerator(seed: seed)
    let test = try await TestCatalog()
    let rollouts = [try await rollout(test, 1, stages: 3), try await rollout(test, 2)]
    let things = try await things(test, 8)
    var model: [[Int64]: Delivery] = [:]
    for _ in 0..<60 {
      let (rollout, thing) = (rollouts.randomElement(using: &random)!, things.randomElement(using: &random)!)
      let next = delivery(
        rollout, DeliveryState.allCases.randomElement(using: &random)!, stage: Int.random(in: 0...2, using: &random),
        ["", "paused", "E1"].randomElement(using: &random)!)
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        try await test.catalog.record([StandingChange(thingID: thing, leftRollouts: [rollout.id])]).wait()
        model[[rollout.id, thing]] = nil
      case 1:
        try await test.catalog.enroll(things, next).wait()
        for thing in things where model[[rollout.id, thing]] == nil { model[[rollout.id, thing]] = next }
      default:
        try await test.catalog.record([StandingChange(thingID: thing, deliveries: [next])]).wait()
        model[[rollout.id, thing]] = next
      }
      #expect(try await test.catalog.wrongRolloutCounts().isEmpty)
      for rollout in rollouts {
        let expected = Dictionary(grouping: model.values.filter { $0.rolloutID == rollout.id }) {
          "\($0.stage) \($0.state) \($0.reason)"
        }.mapValues(\.count)
        let found = try await test.catalog.rolloutCounts(of: [rollout.id])[rollout.id] ?? []
        #expect(Dictionary(found.map { ("\($0.stage) \($0.state) \($0.reason)", $0.count) }) { $0 + $1 } == expected)
      }
    }
  }

  @Test func `a counter that is wrong is found`() async throws {
    let test = try await TestCatalog()
    let rollout = try await rollout(test)
    try await test.catalog.enroll(try await things(test, 3), delivery(rollout, .waiting)).wait()
    try await test.catalog.write { try $0.execute(sql: "UPDATE rolloutCount SET count = 4") }
    let wrong = try await test.catalog.wrongRolloutCounts()
    #expect(wrong.count == 1 && wrong[0].detail.contains("the counter says 4, there are 3"))
  }

  @Test func `enrolling does nothing for things that are there`() async throws {
    let test = try await TestCatalog()
    let rollout = try await rollout(test)
    let things = try await things(test, 3)
    var known = delivery(rollout, .confirmed)
    (known.consentAt, known.previous) = (.start, [RolloutItem(mcuID: 1, firmwareID: 1)])
    try await test.catalog.record([StandingChange(thingID: things[1], deliveries: [known])]).wait()
    for _ in 0..<2 { try await test.catalog.enroll(things, delivery(rollout, .waiting, "notSeen")).wait() }
    let listed = try await test.catalog.deliveries(of: rollout.id, state: nil, after: nil, limit: 10)
    #expect(listed.map(\.thingID) == things)
    #expect(listed[1].delivery == known)
    #expect(try await counts(test, rollout) == [.waiting: 2, .confirmed: 1])
    #expect(try await test.catalog.deliveries(of: rollout.id, state: .waiting, after: things[0], limit: 10).count == 1)
  }

  @Test func `who is silent is found by the state, its moment and when the thing was seen last`() async throws {
    let test = try await TestCatalog()
    let rollout = try await rollout(test)
    let things = try await things(test, UInt8(DeliveryState.allCases.count))
    let changes = zip(things, DeliveryState.allCases).map { thing, state in
      StandingChange(thingID: thing, deliveries: [delivery(rollout, state)])
    }
    try await test.catalog.record(changes).wait()
    try await test.hear(things, at: .start)
    let underWay = zip(things, DeliveryState.allCases).filter { $0.1.isInFlight }.map(\.0)
    func silent(at moment: Timestamp) async throws -> [Int64] {
      try await test.catalog.silentThings(of: rollout.id, since: moment, downloadOnly: false, limit: 100).sorted()
    }
    #expect(try await silent(at: .start) == underWay)
    #expect(try await silent(at: Timestamp(milliseconds: Timestamp.start.milliseconds - 1)) == [])
    try await test.hear([underWay[0]], at: Timestamp.start.adding(seconds: 5))
    #expect(try await silent(at: Timestamp.start.adding(seconds: 4)) == Array(underWay.dropFirst()))
    #expect(try await silent(at: Timestamp.start.adding(seconds: 5)) == underWay)
  }
}
