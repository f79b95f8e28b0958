import Domain
import Testing

@testable import Catalog

@Suite("Searches of things in the catalog") struct ThingSearchTests {
  /// All that a filter finds, looked for in parts.
  private func all(_ test: TestCatalog, _ filter: ThingFilter, limit: Int, looking most: Int) async throws -> [String] {
    var (found, after): ([String], Int64?) = ([], nil)
    repeat {
      let part = try await test.catalog.things(matching: filter, after: after, limit: limit, looking: most)
      #expect(part.things.count <= min(limit, most))
      if let end = part.lookedTo { #expect(end < after ?? .max) }
      found += part.things.map(\.publicID)
      after = part.lookedTo
    } while after != nil
    return found
  }

  @Test(arguments: [1, 2, 3, 7, 30]) func `parts of any size give everything once, in order`(most: Int) async throws {
    let test = try await TestCatalog()
    var expected: [String: [String]] = [:]
    let mcu = test.model.mcus[0].id
    for number in 1...20 as ClosedRange<UInt8> {
      let thing = try await test.createThing(number)
      func expect(_ name: String, _ isFound: Bool) { if isFound { expected[name, default: []].insert(thing.publicID, at: 0) } }
      if number % 3 == 0 {
        _ = try await test.catalog.addTags([Tag(publicID: "x\(number)", name: "t")], to: thing.id, most: 9, at: .start)
      }
      let seen = Timestamp.start.adding(seconds: Int64(number))
      let said = number % 4 == 0 ? nil : number % 4 == 1 ? "1" : "2"
      let change = StandingChange(thingID: thing.id, mcus: [MCUStanding(mcuID: mcu, running: said)])
      try await test.catalog.record([change]).wait()
      if number != 5 { try await test.hear([thing.id], at: seen) }
      if number == 6 { try await test.catalog.retireThing(thing.id, at: .start, audit: .deed("retire")) }
      expect("id", "\(number)".hasPrefix("1"))
      expect("tag", number % 3 == 0)
      expect("active", number != 6)
      expect("silent", number <= 9)
      expect("running", said == "2")
      expect("mute", said == nil)
      expect("tag and running", number % 3 == 0 && said == "2")
    }
    for (name, change) in [
      ("id", { $0.idPrefix = "thing-1" }), ("tag", { $0.tag = "t" }), ("active", { $0.isActive = true }),
      ("silent", { $0.notSeenAfter = .start.adding(seconds: 9) }), ("running", { $0.running = ([mcu], "2") }),
      ("mute", { $0.running = ([mcu], nil) }), ("tag and running", { ($0.tag, $0.running) = ("t", ([mcu], "2")) }),
    ] as [(String, (inout ThingFilter) -> Void)] {
      let ofModel = ThingFilter(modelID: test.model.id)
      var (inScope, both) = (ThingFilter(), ofModel)
      inScope.models = [test.model.id]
      both.models = [test.model.id]
      for var filter in [ThingFilter(), ofModel, inScope, both] {
        change(&filter)
        for limit in [1, 4, 100] {
          #expect(try await all(test, filter, limit: min(limit, most), looking: most) == expected[name], "\(name) \(limit)")
        }
        filter.models = []
        #expect(try await all(test, filter, limit: most, looking: most).isEmpty)
      }
    }
  }

  @Test func `the range of a prefix ends behind all that begin with it`() {
    #expect(Catalog.endOfRange("ab") == "ac")
    #expect(Catalog.endOfRange("a\u{D7FF}") == "a\u{E000}")
    #expect(Catalog.endOfRange("a\u{10FFFF}\u{10FFFF}") == "b")
    #expect(Catalog.endOfRange("\u{10FFFF}") == nil && Catalog.endOfRange("") == nil)
  }

  @Test func `facts of a few things are those that reading all between them gives`() async throws {
    let test = try await TestCatalog()
    var things: [Thing] = []
    for number in 1...6 as ClosedRange<UInt8> {
      let thing = try await test.createThing(number)
      things.append(thing)
      let value = StoredValue(key: "t", value: "\(number)", datetime: .start)
      try await test.catalog.record([], ResourceBatch(thingID: thing.id, changes: [.append(value)], arrivedAt: .start)).wait()
      _ = try await test.catalog.addTags([Tag(publicID: "x\(number)", name: "t\(number)")], to: thing.id, most: 9, at: .start)
    }
    var needs = FactNeeds()
    (needs.keys, needs.tags, needs.owner, needs.times, needs.controllerID) = (["t"], true, true, true, true)
    let whole = try await test.catalog.thingRows(of: test.model.id, after: 0, limit: 10, needs)
    let few = try await test.catalog.thingRows([things[4].id, things[1].id], needs)
    #expect(few.count == 2)
    for row in few {
      let same = try #require(whole.first { $0.standing.thingID == row.standing.thingID })
      #expect(row.standing == same.standing && row.facts == same.facts && row.facts.values["t"] != nil)
    }
    #expect(try await test.catalog.thingRows([], needs).isEmpty)
  }
}

/// What operators search among all things.
extension QueryPlanTests {
  @Test func `things are searched by indexes, and no more of them is read than was asked for`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    let mcu = test.model.mcus[0].id
    _ = try await test.catalog.addTags([Tag(publicID: "x", name: "t")], to: thing.id, most: 9, at: .start)
    try await test.catalog.record([StandingChange(thingID: thing.id, mcus: [MCUStanding(mcuID: mcu, running: "2")])]).wait()
    let statements = try await statements(test.catalog) {
      for change in [
        { $0.idPrefix = "thing" }, { $0.tag = "t" }, { $0.running = ([mcu], "2") },
        { $0.notSeenAfter = .start.adding(seconds: 9) },
      ] as [(inout ThingFilter) -> Void] {
        for modelID in [nil, test.model.id] {
          var filter = ThingFilter(modelID: modelID)
          filter.models = [test.model.id]
          change(&filter)
          let found = try await test.catalog.things(matching: filter, after: 1000, limit: 5, looking: 10)
          #expect(found.things.map(\.id) == [thing.id])
        }
      }
    }
    #expect(statements.count == 18)
    for statement in statements {
      let plan = try await plan(statement, test.catalog)
      let scans = plan.filter { $0.hasPrefix("SCAN") && !$0.hasPrefix("SCAN json_each") }
      #expect(scans.isEmpty, "\(statement): \(plan)")
      for (text, index) in [
        ("publicId >= 'thing' AND", "sqlite_autoindex_thing_1 (publicId>? AND publicId<?)"),
        ("controllerId >= 'thing' AND", "sqlite_autoindex_controller_1 (controllerId>? AND controllerId<?)"),
        ("SELECT thingId FROM tag", "tagByName (name=? AND thingId<?)"),
        ("SELECT thingId FROM thingMCU", "thingMCUByRunning (mcuId=? AND running=?)"),
      ] where statement.contains(text) && !statement.contains("ORDER BY thing.id") {
        #expect(plan.joined().contains(index), "\(statement): \(plan)")
      }
    }
  }
}
