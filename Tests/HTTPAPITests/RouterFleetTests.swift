import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

/// The figures of the fleet, through the front door.
@Suite("The fleet in figures") struct RouterFleetTests {
  /// The figures of models as one text: `lamp 3/2/1 1/1/1 main:1=1,null=1`.
  private static func figures(_ front: FrontDoor, _ query: String = "", as who: HTTPFields? = nil) async throws -> [String] {
    let path = "/api/v1/fleet\(query)"
    let answer = if let who { try await front.send(.get, path, as: who) } else { try await front.operate(.get, path) }
    #expect(answer.status == 200, "\(answer.text)")
    return DocumentedJourney.entries(try answer.json(), "models").map { model in
      func number(_ name: String) -> String { model[name]?.json ?? "?" }
      let mcus = DocumentedJourney.entries(model, "mcus").map { mcu in
        let versions = DocumentedJourney.entries(mcu, "versions").map { version in
          "\(version["version"]?.text ?? version["version"]?.json ?? "?")=\(version["things"]?.json ?? "?")"
        }
        let others = mcu["others"].map { ",others=\($0.json)" } ?? ""
        return "\(mcu["mcu"]?.text ?? "?"):\(versions.joined(separator: ","))\(others)"
      }
      return "\(number("model")) \(number("things"))/\(number("activated"))/\(number("retired")) "
        + "\(number("seenLastHour"))/\(number("seenLastDay"))/\(number("silent")) \(mcus.joined(separator: " "))"
    }
  }

  @Test func `counts things, who was seen, and what runs, of active things alone`() async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      let front = world.front
      #expect(try await Self.figures(front) == [#""lamp" 0/0/0 0/0/0 main: radio:"#])
      let retired = try await world.thing(running: "2")
      let early = try await world.thing(running: "1")
      #expect(try await front.operate(.post, "/api/v1/things/\(retired.id)/retirement").status == 200)
      world.pass(seconds: 7200)
      let second = try await world.thing(running: nil)
      try await world.boot(second, into: "1")
      _ = try await world.thing(running: "2")
      #expect(
        try await Self.figures(front) == [#""lamp" 4/3/1 2/3/0 main:1=2,2=1 radio:1=1,2=1,null=1"#])
      #expect(try await Self.figures(front, "?silentFor=7200") == [#""lamp" 4/3/1 2/3/1 main:1=2,2=1 radio:1=1,2=1,null=1"#])
      // As `thing show` does, it knows of a poll that is not on the disk yet.
      try await world.poll(early)
      #expect(try await Self.figures(front, "?silentFor=7200") == [#""lamp" 4/3/1 3/3/0 main:1=2,2=1 radio:1=1,2=1,null=1"#])
      world.pass(seconds: 86_400)
      #expect(try await Self.figures(front) == [#""lamp" 4/3/1 0/0/3 main:1=2,2=1 radio:1=1,2=1,null=1"#])
    }
  }

  @Test func `counts things that are not activated yet as things`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.open(.router) { front in
      let token = String(repeating: "x", count: 43)
      let body = #"{"things":[{"model":"lamp","token":"\#(token)"}]}"#
      #expect(try await front.operate(.post, "/api/v1/things/import", body).status == 200)
      let imported = try await test.service.showThing(try await test.newestThing()).thing
      let active = imported.activatedAt == nil ? 0 : 1
      #expect(try await Self.figures(front).first?.hasPrefix(#""lamp" 1/\#(active)/0 "#) == true)
    }
  }

  @Test func `has for a token that is for some models only theirs`() async throws {
    try await RolloutWorld.play { world in
      let (test, front) = (world.test, world.front)
      _ = try await world.thing()
      try await test.createModel("fan")
      _ = try await test.activate("fan")
      let who = try await test.admit("vera", .viewer, models: ["lamp"]).header
      let lamp = #""lamp" 1/1/0 1/1/0 main:1=1"#
      #expect(try await Self.figures(front, as: who) == [lamp])
      #expect(try await Self.figures(front, "?model=lamp") == [lamp])
      #expect(try await Self.figures(front).count == 2)
      try await front.send(.get, "/api/v1/fleet?model=fan", as: who).expectProblem(403, "forbidden")
      try await front.operate(.get, "/api/v1/fleet?model=none").expectProblem(404, "unknown-model")
      for silence in ["0", "-5", "x", "315360001", "99999999999999999999"] {
        try await front.operate(.get, "/api/v1/fleet?silentFor=\(silence)").expectProblem(400, "malformed")
      }
      try await front.get("/api/v1/fleet").expectProblem(401, "unauthorized")
    }
  }

  @Test func `lists the versions that most things run, however many things make up, byte by byte`() async throws {
    try await RolloutWorld.play { world in
      let front = world.front
      for version in ["e\u{301}", "\u{E9}"] { _ = try await world.thing(running: Endpoint.encode(version)) }
      let both = try await Self.figures(front)
      #expect(both.first?.hasSuffix("e\u{301}=1,\u{E9}=1") == true || both.first?.hasSuffix("\u{E9}=1,e\u{301}=1") == true)
      for number in 0..<101 { _ = try await world.thing(running: "9.\(number)") }
      _ = try await world.thing(running: "9.50")
      let many = try await Self.figures(front)
      #expect(many.first?.contains("main:9.50=2,") == true)
      #expect(many.first?.hasSuffix(",others=3") == true, "\(many)")
    }
  }

  @Test func `of a large fleet are counted once for many, and kept for some seconds`() async throws {
    let test = try await TestService(service: { settings in (settings.largeFleet, settings.fleetFiguresSeconds) = (2, 3600) })
    try await test.createModel()
    _ = try await test.activate()
    try await test.open(.router) { front in
      #expect(try await Self.figures(front).first?.hasPrefix(#""lamp" 1/1/0 "#) == true)
      _ = try await test.activate()
      let large = try await Self.figures(front)
      #expect(large.first?.hasPrefix(#""lamp" 2/2/0 "#) == true, "one thing was no large fleet")
      _ = try await test.activate()
      try await withThrowingTaskGroup(of: [String].self) { group in
        for number in 0..<40 {
          group.addTask { try await Self.figures(front, number % 2 == 0 ? "?model=lamp" : "?silentFor=86400") }
        }
        for try await figures in group { #expect(figures == large) }
      }
      for number in 1...20 {
        #expect(try await Self.figures(front, "?silentFor=\(number)").first?.hasPrefix(#""lamp" 3/3/0 "#) == true)
      }
    }
  }
}
