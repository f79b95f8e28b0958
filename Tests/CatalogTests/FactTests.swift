import Domain
import GRDB
import Testing

@testable import Catalog

@Suite("What rules ask of things") struct FactTests {
  private func write(_ test: TestCatalog, _ thing: Thing, _ value: String, seconds: Int64, key: String = "t") async throws {
    let value = StoredValue(key: key, value: value, datetime: Timestamp.start.adding(seconds: seconds))
    try await test.catalog.record([], ResourceBatch(thingID: thing.id, changes: [.append(value)], arrivedAt: .start)).wait()
  }

  private var needs: FactNeeds {
    var needs = FactNeeds()
    (needs.keys, needs.tags) = (["t"], true)
    return needs
  }

  @Test func `the newest value is the one of the latest time, and of those the one that came last`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    func value() async throws -> JSONValue? { try await test.catalog.facts(of: thing.id, needs).values["t"]?.value }
    #expect(try await value() == nil)
    try await write(test, thing, "1", seconds: 10)
    #expect(try await value() == .integer(1))
    try await write(test, thing, "2", seconds: 5)
    #expect(try await value() == .integer(1), "what comes late is not newer")
    try await write(test, thing, "3", seconds: 10)
    #expect(try await value() == .integer(3), "of one time, the last that came")
    try await write(test, thing, "4", seconds: 11, key: "other")
    let facts = try await test.catalog.facts(of: thing.id, needs)
    #expect(facts.values.keys.sorted() == ["t"] && facts.values["t"]?.datetime == Timestamp.start.adding(seconds: 10))
  }

  @Test func `what was a former owner's is left out, here and in the rows of a model`() async throws {
    let test = try await TestCatalog()
    let (first, second) = (try await test.createThing(1), try await test.createThing(2))
    for thing in [first, second] { try await write(test, thing, "1", seconds: 1) }
    try await test.catalog.write {
      try $0.execute(sql: "UPDATE resource SET archivedAt = 5 WHERE thingId = ?", arguments: [first.id])
    }
    _ = try await test.catalog.addTags([Tag(publicID: "x", name: "beta")], to: second.id, most: 9, at: .start)
    #expect(try await test.catalog.facts(of: first.id, needs) == ThingFacts())
    try await write(test, second, "2", seconds: 2)
    let rows = try await test.catalog.thingRows(of: test.model.id, after: 0, limit: 10, needs)
    #expect(rows.map(\.standing.thingID) == [first.id, second.id])
    #expect(rows[0].facts == ThingFacts())
    #expect(rows[1].facts.tags == ["beta"] && rows[1].facts.values["t"]?.value == .integer(2))
    try await write(test, first, "7", seconds: 0)
    #expect(try await test.catalog.facts(of: first.id, needs).values["t"]?.value == .integer(7), "the new owner's is read")
  }

  @Test func `the rows of a model are its activated things that are not retired, page by page`() async throws {
    let test = try await TestCatalog()
    var things: [Thing] = []
    for number: UInt8 in 1...5 { things.append(try await test.createThing(number)) }
    try await test.createCode(9)
    try await test.catalog.retireThing(things[1].id, at: .start, audit: .deed("retire"))
    let mcu = MCUStanding(mcuID: test.model.mcus[0].id, running: "1.0")
    try await test.catalog.record([StandingChange(thingID: things[3].id, mcus: [mcu])]).wait()
    func page(_ after: Int64) async throws -> [ThingRow] {
      try await test.catalog.thingRows(of: test.model.id, after: after, limit: 2, FactNeeds())
    }
    #expect(try await page(0).map(\.standing.thingID) == [things[0].id, things[2].id])
    let second = try await page(things[2].id)
    #expect(second.map(\.standing.thingID) == [things[3].id, things[4].id])
    #expect(second.map { $0.standing.mcu(mcu.mcuID)?.running } == ["1.0", nil])
    #expect(try await page(things[4].id).isEmpty)
  }
}

/// What the driver of rollouts asks again and again.
extension QueryPlanTests {
  @Test func `rollouts are moved on without reading all deliveries or values`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    _ = try await test.createThing(2)
    try await test.register(test.firmware("1.0", sequence: 1), publish: true)
    let rollout = try await test.catalog.rollouts()[0]
    let delivery = Delivery(rolloutID: rollout.id, stage: 0, state: .offered, since: .start)
    var needs = FactNeeds()
    (needs.keys, needs.tags, needs.owner, needs.times) = (["t"], true, true, true)
    let value = StoredValue(key: "t", value: "1", datetime: .start)
    let batch = ResourceBatch(thingID: thing.id, changes: [.append(value)], arrivedAt: .start)
    try await test.catalog.record([], batch).wait()
    let statements = try await statements(test.catalog) {
      try await test.catalog.enroll([thing.id], delivery).wait()
      let failed = Delivery(rolloutID: rollout.id, stage: 0, state: .failed, since: .start)
      try await test.catalog.record([StandingChange(thingID: thing.id, deliveries: [failed])]).wait()
      try await test.catalog.record([StandingChange(thingID: thing.id, deliveries: [delivery])]).wait()
      #expect(try await test.catalog.silentThings(of: rollout.id, since: .start, downloadOnly: false, limit: 10) == [thing.id])
      #expect(try await test.catalog.thingRows(of: 1, after: 0, limit: 10, needs, deliveriesOf: [rollout.id]).count == 2)
      #expect(try await test.catalog.deliveries(of: rollout.id, state: nil, after: nil, limit: 10).count == 1)
      #expect(try await test.catalog.deliveries(of: rollout.id, state: .offered, after: 0, limit: 10).count == 1)
      #expect(try await test.catalog.facts(of: thing.id, needs).values.count == 1)
      #expect(try await test.catalog.rolloutCounts(of: [rollout.id])[rollout.id]?.count == 1)
      try await test.catalog.record([StandingChange(thingID: thing.id, leftRollouts: [rollout.id])]).wait()
    }
    #expect(statements.count >= 18)
    try await expectNoScan(statements, test.catalog)
    let silent = try #require(statements.first { $0.contains("delivery.since <=") })
    #expect(try await plan(silent, test.catalog).joined().contains("deliveryInFlight"))
    for statement in statements where statement.contains("FROM delivery JOIN thing") {
      #expect(!(try await plan(statement, test.catalog).joined().contains("TEMP B-TREE")), "\(statement)")
    }
  }
}
