import Catalog
import Domain
import ServiceLifecycle
import TestSupport
import Testing

@testable import FirmwareService

@Suite("What a fleet ran over time") struct VersionSpreadTests {
  private static let day: Int64 = 86_400

  private func spread(
    _ test: TestService, from start: Timestamp? = nil, to end: Timestamp? = nil, points: Int? = nil
  ) async throws -> [String: [Int]] {
    let report = try await test.service.showVersionSpread(ofModel: "lamp", from: start, to: end, points: points)
    return Dictionary(uniqueKeysWithValues: report.series.map { ($0.version ?? "null", $0.things) })
  }

  @Test func `a sample agrees with the status, leaves retired things out and counts those that never said a version`()
    async throws
  {
    let test = try await TestService()
    try await test.createModel()
    for (sequence, version) in ["1.0", "1.1"].enumerated() { try await test.release(version, sequence: Int64(sequence + 1)) }
    var things: [(token: ThingToken, id: Int64, publicID: String)] = []
    for _ in 0..<6 { things.append(try await test.activate()) }
    for (thing, version) in zip(things, ["1.0", "1.0", "1.1", "1.1", "1.1"]) { _ = try await test.poll(thing.id, version) }
    _ = try await test.service.retireThing(things[4].publicID, by: "op")
    let changed = try await test.service.sampleVersions()
    #expect(changed == 3)
    let now = try await spread(test, points: 1)
    #expect(now == ["1.0": [2], "1.1": [2], "null": [1]])
    for version in ["1.0", "1.1"] {
      let running = try await test.running(version)
      #expect(now[version] == [running])
    }
    _ = try await test.service.resetThing(things[0].publicID, by: "op")
    try await test.service.sampleVersions()
    #expect(try await spread(test, points: 1) == ["1.0": [1], "1.1": [2], "null": [2]])
  }

  @Test func `it is a step function, with nothing before the first sample and the last one at the end`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    let start = test.clock.now
    for version in ["1.0", "1.1"] {
      test.clock.advance(seconds: 600)
      _ = try await test.poll(thing.id, version)
      try await test.service.sampleVersions()
    }
    // What was not sampled yet is not told.
    _ = try await test.poll(thing.id, "1.2")
    let end = test.clock.now
    let report = try await test.service.showVersionSpread(ofModel: "lamp", from: start, points: 5)
    #expect(report.times == (Int64(0)..<5).map { start.adding(seconds: $0 * 300) })
    #expect(report.mcu.name == "main" && report.model.name == "lamp")
    #expect(report.series.map(\.version) == ["1.0", "1.1"])
    #expect(report.series.map(\.things) == [[0, 0, 1, 1, 0], [0, 0, 0, 0, 1]])
    let standard = try await test.service.showVersionSpread(ofModel: "lamp")
    #expect(standard.times.count == 60 && standard.times.last == end)
    #expect(standard.times.first == end.adding(seconds: -7 * Self.day))
    #expect(try await spread(test, from: start, to: start) == [:])
  }

  @Test func `what is asked wrongly is refused`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let now = test.clock.now
    await expectRefusal(.unknownModel) { _ = try await test.service.showVersionSpread(ofModel: "none") }
    await expectRefusal(.unknownMCU) { _ = try await test.service.showVersionSpread(ofModel: "lamp", mcu: "none") }
    await expectRefusal(.malformed) {
      _ = try await test.service.showVersionSpread(ofModel: "lamp", from: now.adding(seconds: 1))
    }
    for points in [0, -1, 501] {
      await expectRefusal(.malformed) { _ = try await test.service.showVersionSpread(ofModel: "lamp", points: points) }
    }
  }

  @Test func `old samples become fewer and the oldest go, and what is kept reads as it was`() async throws {
    let test = try await TestService { $0.versionHistoryDays = 30 }
    try await test.createModel()
    let (first, second) = (try await test.activate(), try await test.activate())
    var random = SeededGenerator(seed: 5)
    var truth: [(at: Timestamp, running: [String])] = []
    var running = ["null", "null"]
    for _ in 0..<900 {
      test.clock.advance(seconds: Int64.random(in: 1...7200, using: &random))
      for (place, thing) in [first, second].enumerated() where Int.random(in: 0..<4, using: &random) == 0 {
        running[place] = "1.\(Int.random(in: 0..<3, using: &random))"
        _ = try await test.poll(thing.id, running[place])
      }
      try await test.service.sampleVersions()
      if Int.random(in: 0..<20, using: &random) == 0 { try await test.service.thinVersionSamples() }
      truth.append((test.clock.now, running))
    }
    try await test.service.thinVersionSamples()
    let now = test.clock.now
    func expected(_ time: Timestamp) -> [String: [Int]] {
      let said = truth.last { $0.at <= time }?.running ?? []
      return Dictionary(said.map { ($0, [1]) }) { [$0[0] + $1[0]] }
    }
    #expect(now > truth[0].at.adding(seconds: 32 * Self.day))
    for (at, _) in truth where at > now.adding(seconds: -7 * Self.day) {
      #expect(try await spread(test, to: at, points: 1) == expected(at))
    }
    let horizon = now.adding(seconds: -30 * Self.day)
    #expect(try await spread(test, to: horizon, points: 1) == expected(horizon))
    var hour = Timestamp(milliseconds: (horizon.seconds / 3600 + 1) * 3_600_000)
    while hour <= now {
      let end = Timestamp(milliseconds: hour.milliseconds - 1)
      #expect(try await spread(test, to: end, points: 1) == expected(end))
      hour = hour.adding(seconds: 7 * 3600)
    }
  }

  @Test func `the first sample is taken at the start`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    _ = try await test.poll(thing.id, "1.0")
    let group = ServiceGroup(
      configuration: .init(services: [VersionSampler(service: test.service)], logger: test.service.log))
    let running = Task { try await group.run() }
    while try await spread(test, points: 1) != ["1.0": [1]] { try await Task.sleep(for: .milliseconds(10)) }
    await group.triggerGracefulShutdown()
    try await running.value
  }

  @Test func `versions are in their order, by the sequence of registration where they say nothing themselves`() {
    let sequences: [String: Int64] = ["b2": 1, "a1": 2, "1.10.0": 3, "1.9.0": 4, "c3": 5]
    #expect(
      VersionOrder.sorted(["c3", "1.10.0", "a1", "zz", "1.9.0", "b2", "1.9.0-rc1"]) { sequences[$0] }
        == ["1.9.0-rc1", "zz", "b2", "a1", "1.9.0", "1.10.0", "c3"])
    var random = SeededGenerator(seed: 1)
    let texts = ["1.2", "1.2.0", "1.2.0-rc1", "1.3.0", "v1.1", "1.10", "0.9.9+b", "deb12u1", "2.06-13", "10", "9"]
    for _ in 0..<200 {
      let sorted = VersionOrder.sorted(texts.shuffled(using: &random)) { ["9": 3, "deb12u1": 2, "1.2": 1][$0] }
      #expect(sorted.sorted() == texts.sorted())
      for (place, text) in sorted.enumerated() {
        for later in sorted[place...] {
          #expect(FirmwareVersion.compare(FirmwareVersion(text)!, FirmwareVersion(later)!) != .newer, "\(text) \(later)")
        }
      }
    }
    let once = VersionOrder.sorted(texts) { _ in nil }
    #expect(VersionOrder.sorted(texts.reversed()) { _ in nil } == once)
  }
}
