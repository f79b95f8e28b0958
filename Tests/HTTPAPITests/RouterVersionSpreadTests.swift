import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("Versions over time, by the front door") struct RouterVersionSpreadTests {
  private static let path = "/api/v1/fleet/versions"

  /// Lets a thing say what it runs.
  private func say(_ version: String, mcu: String = "main", _ token: String, _ front: FrontDoor) async throws {
    let answer = try await front.get("/v2/things/\(token)/firmwares/latest?mcu=\(mcu)&version=\(version)")
    #expect(answer.status == 200, "\(answer.text)")
  }

  @Test(arguments: Door.allCases) func `the answer has the numbers at evenly spaced times`(door: Door) async throws {
    let test = try await TestService()
    try await test.createModel(mcus: ["main", "radio"])
    let things = [try await test.activate(), try await test.activate()]
    let start = test.clock.now
    try await test.open(door) { front in
      let empty = try await front.operate(.get, Self.path + "?model=lamp&points=1")
      #expect(empty.text == #"{"mcu":"main","model":"lamp","series":[],"times":["\#(start.iso8601)"]}"#)
      try await test.service.sampleVersions()
      test.clock.advance(seconds: 60)
      for thing in things { try await say("1.10.0", thing, front) }
      try await test.service.sampleVersions()
      test.clock.advance(seconds: 60)
      try await say("1.9.0", things[0], front)
      try await say("R7", mcu: "radio", things[0], front)
      try await test.service.sampleVersions()

      let times = (Int64(0)...2).map { "\"\(start.adding(seconds: $0 * 60).iso8601)\"" }.joined(separator: ",")
      let query = "?model=lamp&from=\(start.iso8601)&points=3"
      let main = try await front.operate(.get, Self.path + query)
      #expect(
        main.text == #"{"mcu":"main","model":"lamp","series":["#
          + #"{"things":[0,0,1],"version":"1.9.0"},{"things":[0,2,1],"version":"1.10.0"},"#
          + #"{"things":[2,0,0],"version":null}],"times":[\#(times)]}"#)
      let radio = try await front.operate(.get, Self.path + query + "&mcu=radio")
      #expect(
        radio.text == #"{"mcu":"radio","model":"lamp","series":["#
          + #"{"things":[0,0,1],"version":"R7"},{"things":[2,2,1],"version":null}],"times":[\#(times)]}"#)
      let seconds = start.seconds + 61
      let early = try await front.operate(.get, Self.path + "?model=lamp&points=1&to=\(seconds)").json()
      #expect(early["series"] == .array([.object(["version": .string("1.10.0"), "things": .array([.integer(2)])])]))
    }
  }

  @Test func `what is asked wrongly is refused`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.open(.router) { front in
      for query in [
        "", "?model=", "?model=lamp&points=0", "?model=lamp&points=501", "?model=lamp&points=abc", "?model=lamp&points=-3",
        "?model=lamp&points=99999999999999999999", "?model=lamp&from=20250101000000&to=20240101000000", "?model=lamp&from=x",
        "?model=lamp&to=2025-01", "?model=lamp&from=20990101000000",
      ] {
        try await front.operate(.get, Self.path + query).expectProblem(400, "malformed")
      }
      try await front.operate(.get, Self.path + "?model=none").expectProblem(404, "unknown-model")
      try await front.operate(.get, Self.path + "?model=lamp&mcu=none").expectProblem(404, "unknown-mcu")
      try await front.get(Self.path + "?model=lamp").expectProblem(401, "unauthorized")
      for query in ["?model=lamp&points=500", "?model=lamp&from=00010101000000&to=99991231235959&points=500"] {
        let answer = try await front.operate(.get, Self.path + query)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(DocumentedJourney.entries(try answer.json(), "times").count == 500)
      }
    }
  }

  @Test func `a viewer sees it, and with a token for some models these alone`() async throws {
    let test = try await TestService()
    for model in ["lamp", "fan"] { try await test.createModel(model) }
    let viewer = try await test.admit("vera", .viewer).header
    let scoped = try await test.admit("lina", .viewer, models: ["lamp"]).header
    try await test.open(.router) { front in
      for (who, model, status) in [(viewer, "lamp", 200), (viewer, "fan", 200), (scoped, "lamp", 200), (scoped, "fan", 403)] {
        let answer = try await front.send(.get, Self.path + "?model=\(model)", as: who)
        #expect(answer.status == status, "\(answer.text)")
      }
      try await front.send(.get, Self.path, as: scoped).expectProblem(400, "malformed")
      try await front.send(.get, Self.path + "?model=none", as: scoped).expectProblem(403, "forbidden")
    }
  }

  @Test func `things may say what they like: no more than twelve series are told`() async throws {
    let test = try await TestService()
    try await test.createModel()
    var tokens: [String] = []
    for _ in 0..<20 { tokens.append(try await test.activate()) }
    let things = tokens
    try await test.open(.router) { front in
      for (place, thing) in things.enumerated() { try await say("1.\(place % 14).0", thing, front) }
      try await test.service.sampleVersions()
      let answer = try await front.operate(.get, Self.path + "?model=lamp&points=1").json()
      let series = DocumentedJourney.entries(answer, "series")
      #expect(series.count == 12)
      #expect(series.last?["version"] == .string("other"))
      let sum = series.map { entry in
        if case .array(let things)? = entry["things"], case .integer(let number)? = things.first { return number }
        return 0
      }.reduce(0, +)
      #expect(sum == 20)
    }
  }
}
