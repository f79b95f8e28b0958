import Domain
import Foundation
import TestSupport
import Testing

/// `firmament fleet simulate` against a real service on a simulated clock, with a plain publication.
@Suite(.serialized, .timeLimit(.minutes(10))) struct FleetSimulationTests {
  private static let scale = "600"

  /// Two published versions, and things that start on the first.
  private func open() async throws -> Workshop {
    let workshop = try await Workshop.open(serve: ["--simulation", "--time-scale", Self.scale])
    try await workshop.createModel("m", mcu: "u")
    for (version, seed) in [("1.0.0", 1), ("2.0.0", 2)] as [(String, UInt64)] {
      let image = try await SeededImage(150_000, seed: seed, in: workshop.folder)
      try await workshop.upload(image.path, model: "m", mcu: "u", version: version)
    }
    return workshop
  }

  private func simulate(_ workshop: Workshop, _ arguments: String...) async throws -> JSONValue {
    try JSONValue.reading(
      try await workshop.command(["fleet", "simulate", "--model", "m", "--time-scale", Self.scale, "--json"] + arguments))
  }

  @Test func eachThingMeetsItsFateAndTheServerKnows() async throws {
    let workshop = try await open()
    let summary = try await simulate(
      workshop, "--things", "100", "--fail", "10%", "--rollback", "5%", "--silent", "3%", "--seed", "11")
    for (name, count) in [
      ("things", 100), ("activated", 100), ("confirmed", 82), ("failed", 10), ("rolledBack", 5), ("silent", 3), ("gaveUp", 0),
      ("errors", 0),
    ] as [(String, Int64)] {
      #expect(summary[name]?.wholeNumber == count, "\(name): \(summary.json)")
    }
    #expect(summary["bytes"] == .integer(15_000_000))
    #expect(summary["rollouts"] == .array([]))
    #expect((summary["polls"]?.wholeNumber ?? 0) >= 300)
    // An install, and two polls of five minutes without an offer.
    #expect((summary["simulatedSeconds"]?.wholeNumber ?? 0) >= 540)
    let counts = try await workshop.counts("m", "2.0.0")
    #expect(counts == ["confirmed": 82, "failed": 10, "rolledBack": 5, "installed": 3])
    // They say that they run the oldest, and never fetched it.
    #expect(try await workshop.counts("m", "1.0.0") == [:])
    let things = try await workshop.json("thing", "list", "--model", "m")["things"]
    let thing = try #require(things?[0]?["id"]?.text)
    #expect(try await workshop.json("thing", "show", thing)["mcus"]?[0]?["version"]?.text != nil)
    try await expectSoundAndStop(workshop.server)
  }

  @Test func thingsThatRunTheNewestAlreadyPlayForAsLongAsTheyAreTold() async throws {
    let workshop = try await open()
    let summary = try await simulate(workshop, "--things", "5", "--version", "2.0.0", "--for", "2h", "--poll-interval", "10m")
    #expect((7200...20_000).contains(summary["simulatedSeconds"]?.wholeNumber ?? 0), "\(summary.json)")
    // The server says how long to wait, which goes before what the command says: 4 to 6 minutes for each thing.
    let most = 5 * ((summary["simulatedSeconds"]?.wholeNumber ?? 0) / 240 + 2)
    #expect((30...max(30, most)).contains(summary["polls"]?.wholeNumber ?? 0), "\(summary.json)")
    #expect(summary["bytes"] == .integer(0))
    #expect(try await workshop.json("thing", "list", "--model", "m")["things"]?.elements?.count == 5)
    #expect(try await workshop.counts("m", "2.0.0") == [:])
    try await expectSoundAndStop(workshop.server)
  }

  @Test func aServerThatIsKilledAgainAndAgainChangesNoFate() async throws {
    var workshop = try await open()
    var numbers = SeededGenerator(seed: 21)
    let fleet = try StartedProgram(
      Program.firmament,
      [
        "fleet", "simulate", "--model", "m", "--time-scale", Self.scale, "--json", "--things", "60", "--fail", "10%", "--for",
        "4h", "--range-bytes", "20000",
      ], environment: ["FIRMAMENT_URL": workshop.server.url, "FIRMAMENT_TOKEN": workshop.server.token])
    try await eventually("all things are there") {
      try await workshop.json("thing", "list", "--model", "m")["things"]?.elements?.count == 60
    }
    for _ in 0..<3 {
      let confirmed = try await workshop.counts("m", "2.0.0")["confirmed"] ?? 0
      let next = min(confirmed + Int.random(in: 1...15, using: &numbers), 54)
      try await eventually("\(next) things are there") {
        try await workshop.counts("m", "2.0.0")["confirmed", default: 0] >= next
      }
      try await workshop.killAndRestart()
    }
    let result = await fleet.result()
    #expect(result.status == 0, "\(result.errors)")
    let summary = try JSONValue.reading(result.output)
    #expect(summary["gaveUp"] == .integer(0))
    #expect(try await workshop.counts("m", "2.0.0") == ["confirmed": 54, "failed": 6])
    try await expectSoundAndStop(workshop.server)
  }

  @Test func wrongUsageIsRefused() async throws {
    let usages = [
      ["--things", "0"], ["--things", "100001"], [], ["--things", "1", "--fail", "10"], ["--things", "1", "--fail", "101%"],
      ["--things", "1", "--fail", "60%", "--silent", "50%"], ["--things", "1", "--time-scale", "0"],
      ["--things", "1", "--poll-interval", "0"], ["--things", "1", "--range-bytes", "0"],
    ]
    for usage in usages {
      let result = try await Program.run(Program.firmament, ["fleet", "simulate", "--model", "m"] + usage)
      #expect(result.status == 64, "\(usage): \(result)")
    }
  }
}
