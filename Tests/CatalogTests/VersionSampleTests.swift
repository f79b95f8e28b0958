import Domain
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("Samples of what things run") struct VersionSampleTests {
  private static let hour: Int64 = 3600

  private struct Sample: Hashable {
    let mcuID: Int64
    let version: String
    let at: Int64
    let things: Int
  }

  private func rows(_ catalog: Catalog) async throws -> [Sample] {
    try await catalog.read { db in
      try Row.fetchAll(db, sql: "SELECT * FROM versionSample ORDER BY at, mcuId, version").map {
        Sample(mcuID: $0["mcuId"], version: $0["version"], at: $0["at"], things: $0["things"])
      }
    }
  }

  private func write(_ samples: [Sample], _ catalog: Catalog) async throws {
    try await catalog.write { db in
      for sample in samples {
        try db.execute(
          sql: "INSERT INTO versionSample (mcuId, version, at, things) VALUES (?, ?, ?, ?)",
          arguments: [sample.mcuID, sample.version, sample.at, sample.things])
      }
    }
  }

  /// What samples say of all versions at a time, read in the plainest way; zeros are left out.
  private func reading(_ samples: [Sample], at time: Int64) -> [String: Int] {
    var reading: [String: Int] = [:]
    for sample in samples.sorted(by: { $0.at < $1.at }) where sample.at <= time {
      reading["\(sample.mcuID)/\(sample.version)"] = sample.things
    }
    return reading.filter { $0.value != 0 }
  }

  private func say(_ version: String?, _ thing: Int64, mcu: Int = 0, _ test: TestCatalog) async throws {
    let standing = MCUStanding(mcuID: test.model.mcus[mcu].id, running: version, firmwareID: nil)
    try await test.catalog.record([StandingChange(thingID: thing, mcus: [standing])]).wait()
  }

  private func at(_ hours: Int64) -> Timestamp { .start.adding(seconds: hours * Self.hour) }

  /// The samples of a time, as `mcu/version: things`.
  private func written(_ time: Timestamp, _ test: TestCatalog) async throws -> [String: Int] {
    let names = Dictionary(uniqueKeysWithValues: test.model.mcus.map { ($0.id, $0.name) })
    return Dictionary(
      uniqueKeysWithValues: try await rows(test.catalog).filter { $0.at == time.milliseconds }.map {
        ("\(names[$0.mcuID] ?? "?")/\($0.version)", $0.things)
      })
  }

  @Test func `only numbers that have changed are written, and zero when a version vanishes`() async throws {
    let test = try await TestCatalog()
    var things: [Int64] = []
    #expect(try await test.catalog.sampleVersions(at: at(0), most: 100) == 0)
    for number in UInt8(1)...4 { things.append(try await test.createThing(number).id) }
    try await say("1.0", things[0], test)
    try await say("1.0", things[1], test)
    try await say(nil, things[2], test)
    #expect(try await test.catalog.sampleVersions(at: at(1), most: 100) == 3)
    #expect(try await written(at(1), test) == ["main/1.0": 2, "main/": 2, "radio/": 4])
    #expect(try await test.catalog.sampleVersions(at: at(2), most: 100) == 0)

    try await say("1.1", things[2], test)
    try await test.catalog.retireThing(things[1], at: .start, audit: .deed("retire"))
    #expect(try await test.catalog.sampleVersions(at: at(3), most: 100) == 4)
    #expect(try await written(at(3), test) == ["main/1.0": 1, "main/1.1": 1, "main/": 1, "radio/": 3])

    try await say("1.1", things[0], test)
    #expect(try await test.catalog.sampleVersions(at: at(4), most: 100) == 2)
    #expect(try await written(at(4), test) == ["main/1.0": 0, "main/1.1": 2])
    #expect(try await test.catalog.sampleVersions(at: at(4), most: 100) == 0)
    // The same moment again has the newer number.
    try await say("1.0", things[0], test)
    #expect(try await test.catalog.sampleVersions(at: at(4), most: 100) == 2)
    #expect(try await written(at(4), test) == ["main/1.0": 1, "main/1.1": 1])
  }

  @Test func `a clock that went wrong leaves nothing behind in the future`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1).id
    #expect(try await test.catalog.sampleVersions(at: at(0), most: 100) == 2)
    try await say("1.0", thing, test)
    #expect(try await test.catalog.sampleVersions(at: at(1000), most: 100) == 2)
    #expect(try await test.catalog.sampleVersions(at: at(1), most: 100) == 2)
    #expect(try await written(at(1), test) == ["main/1.0": 1, "main/": 0])
    #expect(try await rows(test.catalog).allSatisfy { $0.at <= at(1).milliseconds })
  }

  @Test func `a clock that stands before all that was taken down takes nothing of it away`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1).id
    for hours in [Int64(0), 100, 200] {
      try await say("\(hours)", thing, test)
      #expect(try await test.catalog.sampleVersions(at: at(hours), most: 100) >= 2)
    }
    let taken = try await rows(test.catalog)
    try await say("new", thing, test)
    for hours in [Int64(-400_000), -1] { #expect(try await test.catalog.sampleVersions(at: at(hours), most: 100) == 0) }
    #expect(try await rows(test.catalog) == taken)
    #expect(try await test.catalog.sampleVersions(at: at(201), most: 100) == 2)
    #expect(try await written(at(201), test) == ["main/200": 0, "main/new": 1])
  }

  @Test func `whatever things say, the versions of one sample are bounded`() async throws {
    let test = try await TestCatalog()
    for number in UInt8(1)...9 {
      let thing = try await test.createThing(number).id
      try await say(number < 4 ? "a" : number < 6 ? "b" : "v\(number)", thing, test)
    }
    _ = try await test.catalog.sampleVersions(at: at(0), most: 3)
    #expect(try await written(at(0), test) == ["main/a": 3, "main/b": 2, "main/v6": 1, "main/other": 3, "radio/": 9])
  }

  /// Random numbers of two MCUs with a few versions: as the sampler writes them, each only where it changes.
  private func randomSamples(days: Int64, every step: Int64, _ random: inout SeededGenerator) -> [Sample] {
    var samples: [Sample] = []
    var now: [String: Int] = [:]
    var time = Timestamp.start.milliseconds
    let end = time + days * 86_400_000
    while time < end {
      for mcuID in Int64(1)...2 {
        for version in ["", "1.0", "1.1", "other"] where Int.random(in: 0..<3, using: &random) == 0 {
          let things = Int.random(in: 0..<4, using: &random)
          guard now["\(mcuID)/\(version)", default: 0] != things else { continue }
          now["\(mcuID)/\(version)"] = things
          samples.append(Sample(mcuID: mcuID, version: version, at: time, things: things))
        }
      }
      time += Int64.random(in: 1...step, using: &random) * 1000
    }
    return samples
  }

  @Test(arguments: 1...12 as ClosedRange<UInt64>)
  func `thinning changes no reading at a time that is kept, nor at the end of an hour or day`(seed: UInt64) async throws {
    let test = try await TestCatalog()
    var random = SeededGenerator(seed: seed)
    let before = randomSamples(days: 3, every: 4000, &random)
    try await write(before, test.catalog)
    // In steps, as time passes; a bucket may be thinned by the hour first and by the day later.
    let start = Timestamp.start.seconds / 86_400 * 86_400
    for hours in [5, Int64.random(in: 6..<48, using: &random), 60] {
      let (day, end) = (start + hours / 24 * 86_400, start + hours * Self.hour)
      let middle = Timestamp(milliseconds: day * 1000)
      _ = try await test.catalog.thinVersionSamples(in: Timestamp(milliseconds: 0)..<middle, every: 86_400)
      _ = try await test.catalog.thinVersionSamples(in: middle..<Timestamp(milliseconds: end * 1000), every: Self.hour)
      let after = try await rows(test.catalog)
      #expect(Set(after.map { "\($0.mcuID)/\($0.version)/\($0.at)" }).count == after.count)

      let kept = Set(after.map(\.at))
      for time in kept { #expect(reading(after, at: time) == reading(before, at: time), "at \(time)") }
      for time in stride(from: start * 1000, to: middle.milliseconds, by: 86_400_000) {
        #expect(kept.filter { (time..<time + 86_400_000).contains($0) }.count <= 1)
        #expect(reading(after, at: time - 1) == reading(before, at: time - 1))
      }
      for time in stride(from: middle.milliseconds, to: end * 1000, by: 3_600_000) {
        #expect(kept.filter { (time..<time + 3_600_000).contains($0) }.count <= 1)
        #expect(reading(after, at: time - 1) == reading(before, at: time - 1))
      }
      let untouched = after.filter { $0.at >= end * 1000 }
      #expect(Set(untouched) == Set(before.filter { $0.at >= end * 1000 }))
    }
    let left = try await rows(test.catalog).count
    #expect(left < before.count)
    let whole = Timestamp(milliseconds: 0)..<Timestamp(milliseconds: start * 1000 + 48 * 3_600_000)
    #expect(try await test.catalog.thinVersionSamples(in: whole, every: 86_400) == 0)
  }

  @Test(arguments: 1...8 as ClosedRange<UInt64>, [3, 1000])
  func `forgetting changes no reading from the horizon on, and leaves one number a version`(
    seed: UInt64, most: Int
  ) async throws {
    let test = try await TestCatalog()
    var random = SeededGenerator(seed: seed)
    let before = randomSamples(days: 2, every: 9000, &random)
    try await write(before, test.catalog)
    let horizon = Timestamp.start.adding(seconds: Int64.random(in: 0..<2 * 86_400, using: &random))
    var gone = most
    while gone == most { gone = try await test.catalog.forgetVersionSamples(until: horizon, most: most) }
    let after = try await rows(test.catalog)
    for time in [horizon.milliseconds] + before.map(\.at).filter({ $0 >= horizon.milliseconds }) {
      #expect(reading(after, at: time) == reading(before, at: time))
    }
    let old = after.filter { $0.at <= horizon.milliseconds }
    #expect(Set(old.map { "\($0.mcuID)/\($0.version)" }).count == old.count)
    #expect(old.allSatisfy { $0.things > 0 })
  }

  @Test func `a store of the release before is counted from its first sample on`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/catalog.sqlite"
    let old = try DatabaseQueue(path: path)
    try Schema.migrator.migrate(old, upTo: "0010 controllers")
    try await old.write { db in
      try db.execute(
        sql: """
          INSERT INTO model (id, name, numericVersions, confirmWithin, createdAt) VALUES (1, 'lamp', 0, 900, 5);
          INSERT INTO mcu (id, modelId, position, name) VALUES (3, 1, 0, 'main');
          INSERT INTO thing (id, publicId, modelId, createdAt, activatedAt, retiredAt)
            VALUES (1, 'a', 1, 5, 6, NULL), (2, 'b', 1, 5, 6, NULL), (3, 'c', 1, 5, 6, 7), (4, 'd', 1, 5, NULL, NULL);
          INSERT INTO thingMCU (thingId, mcuId, running) VALUES (1, 3, '1.0'), (3, 3, '1.0');
          """)
    }
    try old.close()
    let catalog = try Catalog(path: path)
    #expect(try await rows(catalog) == [])
    #expect(try await catalog.sampleVersions(at: .start, most: 100) == 2)
    let now = Timestamp.start.milliseconds
    #expect(
      try await rows(catalog) == [
        Sample(mcuID: 3, version: "", at: now, things: 1), Sample(mcuID: 3, version: "1.0", at: now, things: 1),
      ])
    #expect(try await catalog.integrityProblems() == [])
    let spread = try await catalog.versionSpread(of: 3, at: [.start.adding(seconds: -1), .start])
    #expect(spread.versions == [.init(version: "1.0", things: [0, 1])])
    #expect(spread.unknown == .init(version: nil, things: [0, 1]))
    try catalog.close()
  }

  @Test func `counting reads the index of versions, and of the things the inactive ones alone`() async throws {
    let test = try await TestCatalog()
    let plans = QueryPlanTests()
    try await say("1.0", try await test.createThing(1).id, test)
    let statements = try await plans.statements(test.catalog) {
      _ = try await test.catalog.sampleVersions(at: .start, most: 100)
      _ = try await test.catalog.versionSpread(of: test.model.mcus[0].id, at: [.start])
    }
    let count = try await plans.plan(try #require(statements.first { $0.hasPrefix("WITH") }), test.catalog)
    #expect(count.contains("SCAN thingMCU USING COVERING INDEX thingMCUByRunning"), "\(count)")
    #expect(count.contains("SCAN thing USING INDEX thingInactive"), "\(count)")
    let all = try await plans.plan(try #require(statements.first { $0.contains("AS everyone") }), test.catalog)
    #expect(all.contains("SCAN thing USING COVERING INDEX thingByModel"), "\(all)")
    #expect(all.contains { $0.hasPrefix("SCAN thing USING") && $0.contains("INDEX thingInactive") }, "\(all)")
    let read = try #require(statements.first { $0.contains("ORDER BY version, at") })
    let reading = try await plans.plan(read, test.catalog)
    #expect(reading.joined().contains("PRIMARY KEY (mcuId=?)") && !reading.joined().contains("TEMP B-TREE"), "\(reading)")
  }
}
