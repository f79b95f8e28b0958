import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A thing as operators look back at it") struct RouterHistoryTests {
  /// The entries of an answer, each as one text without its time.
  private static func texts(_ answer: Answer) throws -> [String] {
    DocumentedJourney.entries(try answer.json(), "entries").map { entry in
      ["kind", "mcu", "version", "state", "rollout", "code", "message"].compactMap { entry[$0]?.text }.joined(separator: " ")
    }
  }

  @Test func `has what became of it from its activation to its retirement, with the times of what happened`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    let id = try await test.newestThing()
    let path = "/api/v1/things/\(id)/history"
    try await test.open(.router) { front in
      test.clock.advance(seconds: 60)
      _ = try await front.get("/v2/things/\(token)/firmwares/latest?version=1.0")
      let firmware = try await test.release("2.0", imageBytes(100))
      test.clock.advance(seconds: 60)
      _ = try await front.get("/v2/things/\(token)/firmwares/latest?version=1.0")
      let list = try await front.operate(.get, "/api/v1/rollouts?publications=true").json()
      let rollout = DocumentedJourney.entries(list, "rollouts").first?["id"]?.text ?? ""
      #expect(try await front.get("/v2/things/\(token)/firmwares/download/\(firmware.publicID)").status == 200)
      test.clock.advance(seconds: 60)
      let report = #"{"version":"2.0","status":"failed","code":"E7","message":"no room"}"#
      _ = try await front.post("/v2/things/\(token)", #"{"values":[{"key":"$firmware","value":\#(report)}]}"#)
      #expect(try await front.operate(.post, "/api/v1/things/\(id)/token", "{}").status == 201)
      #expect(try await front.operate(.post, "/api/v1/things/\(id)/retry").status == 200)
      #expect(try await front.operate(.post, "/api/v1/things/\(id)/reset").status == 200)
      #expect(try await front.operate(.post, "/api/v1/things/\(id)/retirement").status == 200)
      let answer = try await front.operate(.get, path)
      #expect(answer.status == 200 && answer.type == "application/json")
      let texts = try Self.texts(answer)
      #expect(Array(texts.prefix(4)) == ["retired", "reset", "retried", "tokenRotated"])
      let middle = Set(texts.dropFirst(4).dropLast(3))
      #expect(
        middle.isSuperset(of: [
          "state main 2.0 failed \(rollout) E7 no room", "ended failed \(rollout) E7",
          "state main 2.0 offered \(rollout)",
        ]), "\(texts)")
      #expect(middle.contains { $0.hasPrefix("joined ") && $0.contains(rollout) }, "\(texts)")
      #expect(Array(texts.suffix(3)) == ["running main 1.0", "activated", "created"])
      let entries = DocumentedJourney.entries(try answer.json(), "entries")
      #expect(entries.last?["at"]?.text == TestService.now.iso8601)
      #expect(entries[entries.count - 3]["at"]?.text == TestService.now.adding(seconds: 60).iso8601)
      #expect(entries.first?["at"]?.text == TestService.now.adding(seconds: 180).iso8601)
      #expect(!answer.text.contains("null,") && !answer.text.contains(token), "what says nothing is absent")
    }
  }

  @Test func `is paged as other lists are, to the end and without an entry twice`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    let path = "/api/v1/things/\(try await test.newestThing())/history"
    try await test.open(.router) { front in
      for version in 1...9 { _ = try await front.get("/v2/things/\(token)/firmwares/latest?version=\(version)") }
      let whole = try Self.texts(try await front.operate(.get, path))
      #expect(whole.count == 11 && whole.first == "running main 9")
      var (seen, after): ([String], String?) = ([], nil)
      repeat {
        let answer = try await front.operate(.get, path + "?limit=2" + (after.map { "&after=\($0)" } ?? ""))
        seen += try Self.texts(answer)
        after = try answer.json()["next"]?.text
      } while after != nil && seen.count < 20
      #expect(seen == whole)
      for wrong in ["?after=x", "?limit=x", "?after=1.5", "?after=99999999999999999999"] {
        try await front.operate(.get, path + wrong).expectProblem(400, "malformed")
      }
      for after in ["-5", "0", "1"] {
        let beyond = try await front.operate(.get, path + "?after=\(after)")
        #expect(try Self.texts(beyond).isEmpty)
      }
    }
  }

  @Test func `tells of imports and owners`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let (token, session) = (String(repeating: "x", count: 43), try await test.user())
    try await test.open(.router) { front in
      let things = #"{"things":[{"token":"\#(token)","model":"lamp","id":"old-1"}]}"#
      #expect(try await front.operate(.post, "/api/v1/things/import", things).status == 200)
      let link = #"{"thingToken":"\#(token)"}"#
      #expect(try await front.ask(.post, "/v2/me/things", as: session, link).status == 200)
      test.clock.advance(seconds: 5)
      #expect(try await front.operate(.delete, "/api/v1/things/old-1/link").status == 200)
      test.clock.advance(seconds: 5)
      #expect(try await front.ask(.post, "/v2/me/things", as: session, link).status == 200)
      let answer = try await front.operate(.get, "/api/v1/things/old-1/history")
      #expect(try Self.texts(answer) == ["linked", "unlinked", "linked", "imported", "created"])
      let times = DocumentedJourney.entries(try answer.json(), "entries").map { $0["at"]?.text }
      #expect(times == [10, 5, 0, 0, 0].map { TestService.now.adding(seconds: $0).iso8601 })
      #expect(!answer.text.contains("ada@"), "who owns it is not of its history")
    }
  }

  @Test func `shows its values without its token, each as the JSON that was written`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    let path = "/api/v1/things/\(try await test.newestThing())/resources"
    try await test.open(.router) { front in
      #expect(try await front.operate(.get, path).text == #"{"resources":[]}"#)
      for (second, value) in ["31", "9007199254740993", "1.10", "null"].enumerated() {
        let record = #"{"key":"a.b-c","value":\#(value),"datetime":"2015052013000\#(second)"}"#
        _ = try await front.post("/v2/things/\(token)", #"{"values":[\#(record)]}"#)
      }
      _ = try await front.post("/v2/things/\(token)", #"{"values":[{"key":"$settings","value":{"led":{"on":true}}}]}"#)
      let newest = #"{"resources":[{"key":"a.b-c","value":null,"datetime":"2015-05-20T13:00:03.000Z"}]}"#
      #expect(try await front.operate(.get, path).text == newest)
      let written = [
        #"{"value":null,"datetime":"2015-05-20T13:00:03.000Z"}"#, #"{"value":1.1,"datetime":"2015-05-20T13:00:02.000Z"}"#,
        #"{"value":9007199254740993,"datetime":"2015-05-20T13:00:01.000Z"}"#,
        #"{"value":31,"datetime":"2015-05-20T13:00:00.000Z"}"#,
      ]
      for (query, range) in [
        ("", 0..<4), ("?limit=2", 0..<2), ("?limit=0", 0..<1), ("?limit=1000", 0..<4), ("?from=2015-05-20T13:00:02Z", 0..<2),
        ("?to=20150520130002", 2..<4), ("?from=1432126801&to=1432126802", 2..<3), ("?from=2030-01-01T00:00:00Z", 0..<0),
      ] {
        let answer = try await front.operate(.get, path + "/a.b-c" + query)
        #expect(answer.text == #"{"key":"a.b-c","values":[\#(written[range].joined(separator: ","))]}"#, "\(query)")
      }
      #expect(try await front.operate(.get, path + "/%24settings.led.on").text.contains(#""value":true"#))
      #expect(try await front.operate(.get, path + "/a%2Eb%2Dc?limit=1").status == 200)
      for query in ["?from=x", "?to=2015-13-01", "?limit=many"] {
        try await front.operate(.get, path + "/a.b-c" + query).expectProblem(400, "malformed")
      }
      for key in ["never", "a.b-c%00", "a.b-c%00x", "%2E%2E", "a%2Fb", "%27%20OR%201", "$settings.none", "%F0%9F%94%8B"] {
        try await front.operate(.get, "\(path)/\(key)").expectProblem(404, "unknown-resource")
      }
      for key in ["%ZZ", "%", "%C0%AF", "a%E2%82"] {
        try await front.operate(.get, "\(path)/\(key)").expectProblem(400, "malformed")
      }
    }
  }

  @Test(arguments: ["history", "resources", "resources/led"])
  func `is for operators of its model alone`(what: String) async throws {
    let test = try await TestService()
    for model in ["lamp", "fan"] { try await test.createModel(model) }
    let token = try await test.activate()
    let id = try await test.newestThing()
    let own = try await test.admit("lina", .viewer, models: ["lamp"]).header
    let other = try await test.admit("finn", .viewer, models: ["fan"]).header
    let session = try await test.user()
    try await test.open(.router) { front in
      _ = try await front.post("/v2/things/\(token)", #"{"values":[{"key":"led","value":1}]}"#)
      let path = "/api/v1/things/\(id)/\(what)"
      #expect(try await front.send(.get, path, as: own).status == 200)
      try await front.send(.get, path, as: other).expectProblem(403, "forbidden")
      try await front.get(path).expectProblem(401, "unauthorized")
      try await front.ask(.get, path, as: "Bearer \(session)").expectProblem(401, "unauthorized")
      try await front.ask(.get, path, as: "Bearer \(token)").expectProblem(401, "unauthorized")
      for unknown in ["none", token, "%00", "\(id)%00", "-1", "%27%3B--"] {
        try await front.operate(.get, "/api/v1/things/\(unknown)/\(what)").expectProblem(404, "unknown-thing")
      }
    }
  }

  @Test func `and the audit log says of it alone who did what`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let other = try await test.activate()
    _ = try await test.activate()
    let id = try await test.newestThing()
    let bob = try await test.admit("bob", .administrator).header
    try await test.open(.router) { front in
      #expect(other.count == 43)
      for _ in 1...3 { #expect(try await front.operate(.post, "/api/v1/things/\(id)/token", "{}").status == 201) }
      #expect(try await front.send(.post, "/api/v1/things/\(id)/retirement", as: bob).status == 200)
      @Sendable func deeds(_ query: String) async throws -> [String] {
        let list = try await front.operate(.get, "/api/v1/audit\(query)").json()
        return DocumentedJourney.entries(list, "entries").map { "\($0["actor"]?.text ?? "") \($0["action"]?.text ?? "")" }
      }
      let rotated = Array(repeating: "ada thing.rotateToken", count: 3)
      #expect(try await deeds("?subject=\(id)") == ["bob thing.retire"] + rotated)
      #expect(try await deeds("?subject=\(id)&actor=ada") == rotated)
      #expect(try await deeds("?actor=bob") == ["bob thing.retire"])
      #expect(try await deeds("?action=thing.retire") == ["bob thing.retire"])
      #expect(try await deeds("?action=thing.retire&actor=ada") == [])
      #expect(try await deeds("?subject=&actor=bob") == ["bob thing.retire"])
      for wrong in [id.lowercased() + "x", String(id.dropLast()), "%25", "%27%20OR%20%271%27=%271", "*"] {
        #expect(try await deeds("?subject=\(wrong)") == [])
      }
      let page = try await front.operate(.get, "/api/v1/audit?subject=\(id)&actor=ada&limit=2").json()
      let next = try #require(page["next"]?.text)
      #expect(DocumentedJourney.entries(page, "entries").count == 2)
      #expect(try await deeds("?subject=\(id)&actor=ada&limit=2&after=\(next)") == ["ada thing.rotateToken"])
      for name in ["subject", "actor", "action"] {
        try await front.operate(.get, "/api/v1/audit?\(name)=a%00b").expectProblem(400, "malformed")
      }
    }
  }
}
