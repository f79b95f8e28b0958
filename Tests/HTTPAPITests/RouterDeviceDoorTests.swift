import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A model's door for devices") struct RouterDeviceDoorTests {
  private static func door(_ unknown: String, _ attribute: String, _ trusts: Bool) -> JSONValue {
    .object([
      "unknownThings": .string(unknown), "versionAttribute": .string(attribute), "trustsReports": .bool(trusts),
    ])
  }

  private static func parts(_ model: JSONValue) -> [String] {
    DocumentedJourney.entries(model, "mcus").map { "\($0["moduleType"]?.text ?? "-")/\($0["part"]?.text ?? "-")" }
  }

  @Test(arguments: Door.allCases) func `is made with the model, changed in parts, and shown wherever the model is`(
    door: Door
  ) async throws {
    let test = try await TestService()
    try await test.open(door) { front in
      let new =
        #"{"name":"lamp","mcus":["main","radio"],"deviceDoor":{"unknownThings":"hold","trustsReports":true},"#
        + #""modules":{"radio":{"moduleType":"runtime"}}}"#
      let made = try await front.operate(.post, "/api/v1/models", new)
      #expect(try made.status == 201 && Self.parts(made.json()) == ["application/bApp", "runtime/jvm"])
      #expect(try made.json()["deviceDoor"] == Self.door("hold", "sw_version", true))
      #expect(try await front.operate(.post, "/api/v1/models", new).status == 200)
      try await front.operate(.post, "/api/v1/models", new.replacing("hold", with: "accept")).expectProblem(409, "exists")
      try await front.operate(.post, "/api/v1/models", new.replacing("runtime", with: "os")).expectProblem(409, "exists")
      // What is not said is as it is.
      #expect(try await front.operate(.post, "/api/v1/models", #"{"name":"lamp","mcus":["main","radio"]}"#).status == 200)

      let path = "/api/v1/models/lamp"
      let changed = try await front.operate(
        .patch, path,
        #"{"deviceDoor":{"versionAttribute":"fw"},"modules":{"main":{"part":"kernel"},"radio":{"moduleType":"os"}}}"#)
      #expect(try changed.status == 200 && Self.parts(changed.json()) == ["application/kernel", "os/os"])
      #expect(try changed.json()["deviceDoor"] == Self.door("hold", "fw", true))
      #expect(try await front.operate(.get, path).bytes == changed.bytes)
      let list = try await front.operate(.get, "/api/v1/models").json()
      #expect(try DocumentedJourney.entries(list, "models") == [changed.json()])
      let back = try await front.operate(.patch, path, #"{"modules":{"main":{"part":""}}}"#).json()
      #expect(Self.parts(back) == ["application/bApp", "os/os"])
    }
    try await test.service.load()
    #expect(try test.service.model("lamp").deviceDoor.versionAttribute == "fw")
  }

  @Test func `takes nothing that is no setting of it, and keeps nothing of a change that is refused`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let long = String(repeating: "x", count: 129)
    try await test.open(.router) { front in
      let before = try await front.operate(.get, "/api/v1/models/lamp")
      for bad in [
        "{}", #"{"deviceDoor":{}}"#, #"{"modules":{}}"#, #"{"modules":{"main":{}}}"#, #"{"deviceDoor":"accept"}"#,
        #"{"deviceDoor":{"unknownThings":"Accept"}}"#, #"{"deviceDoor":{"unknownThings":""}}"#,
        #"{"deviceDoor":{"versionAttribute":""}}"#, #"{"deviceDoor":{"versionAttribute":"\#(long)"}}"#,
        #"{"deviceDoor":{"versionAttribute":"a\u0000"}}"#, #"{"deviceDoor":{"trustsReports":"yes"}}"#,
        #"{"deviceDoor":{"trustsReports":1}}"#, #"{"modules":{"main":{"moduleType":""}}}"#,
        #"{"modules":{"main":{"moduleType":"\#(long.prefix(65))"}}}"#, #"{"modules":{"main":{"part":"\#(long.prefix(65))"}}}"#,
        #"{"modules":{"main":{"part":"a\nb"}}}"#, #"{"modules":{"main":"os"}}"#, #"{"modules":["main"]}"#,
        #"{"fourEyes":true,"deviceDoor":{"versionAttribute":""}}"#,
      ] {
        try await front.operate(.patch, "/api/v1/models/lamp", bad).expectProblem(400, "malformed")
        let new = #"{"name":"new","mcus":["main"],"# + bad.dropFirst()
        if bad.contains("x") || bad.contains("Accept") {
          try await front.operate(.post, "/api/v1/models", new).expectProblem(400, "malformed")
        }
      }
      for path in ["/api/v1/models/lamp", "/api/v1/models"] {
        let body = #"{"name":"new","mcus":["main"],"modules":{"main":{"part":"os"},"none":{"part":"os"}}}"#
        let answer = try await front.operate(path.hasSuffix("lamp") ? .patch : .post, path, body)
        try answer.expectProblem(404, "unknown-mcu")
      }
      #expect(try await front.operate(.get, "/api/v1/models/lamp").bytes == before.bytes)
      try await front.operate(.get, "/api/v1/models/new").expectProblem(404, "unknown-model")
      // The longest that are taken.
      let body = #"{"deviceDoor":{"versionAttribute":"\#(long.dropLast())"},"modules":{"main":{"part":"\#(long.prefix(64))"}}}"#
      #expect(try await front.operate(.patch, "/api/v1/models/lamp", body).status == 200)
    }
  }

  @Test func `is in the audit log with what it was and is`() async throws {
    let test = try await TestService()
    try await test.createModel(mcus: ["main", "radio"])
    try await test.open(.router) { front in
      let body = #"{"deviceDoor":{"unknownThings":"refuse"},"modules":{"main":{"moduleType":"os"}}}"#
      for _ in 0..<2 { #expect(try await front.operate(.patch, "/api/v1/models/lamp", body).status == 200) }
      let list = try await front.operate(.get, "/api/v1/audit?limit=2").json()
      let entries = DocumentedJourney.entries(list, "entries")
      #expect(entries.map { $0["action"]?.text } == ["model.set", "model.trust"], "again changes nothing")
      let (before, after) = (entries[0]["before"], entries[0]["after"])
      #expect(before?["unknownThings"]?.text == "accept" && after?["unknownThings"]?.text == "refuse")
      #expect(before?["part main"]?.text == "bApp" && after?["part main"]?.text == "os")
      #expect(before?["part radio"] == nil && after?["moduleType main"]?.text == "os")
    }
  }

  @Test(arguments: Door.allCases) func `has a token that is told to who asks for it, and stands nowhere else`(
    door: Door
  ) async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.open(door) { front in
      let path = "/api/v1/models/lamp/gateway-token"
      let made = try await front.operate(.post, path, "{}")
      let token = try made.json()["token"]?.text ?? ""
      #expect(made.status == 200 && made.text == #"{"token":"\#(token)"}"# && token.utf8.count == 43)
      #expect(try await front.operate(.post, path, #"{"rotate":false}"#).bytes == made.bytes)
      let rotated = try await front.operate(.post, path, #"{"rotate":true,"overlap":60}"#).json()
      #expect(rotated["previousExpiresAt"]?.text == "2025-06-15T15:07:40.999Z")
      #expect(try await front.operate(.post, path, "{}").json() == rotated)
      let new = rotated["token"]?.text ?? ""
      let (old, current) = (
        test.service.identifyGateway(token)?.name, test.service.identifyGateway(new)?.name
      )
      #expect(old == "lamp" && current == "lamp" && new != token)
      for place in ["models", "models/lamp", "audit", "operators"] {
        let seen = try await front.operate(.get, "/api/v1/\(place)").text
        #expect(!seen.contains(token) && !seen.contains(new), "\(place)")
      }
      for bad in ["", "[]", #"{"rotate":1}"#, #"{"overlap":60}"#, #"{"rotate":true,"overlap":-1}"#] {
        try await front.operate(.post, path, bad).expectProblem(400, "malformed")
      }
      try await front.operate(.post, "/api/v1/models/none/gateway-token", "{}").expectProblem(404, "unknown-model")
      try await front.operate(.get, path).expectProblem(405, "method-not-allowed")
      try await front.post(path, "{}").expectProblem(401, "unauthorized")
      for role in [OperatorRole.viewer, .uploader, .releaser] {
        let who = try await test.admit("\(role)", role).header
        try await front.send(.post, path, as: who, "{}").expectProblem(403, "forbidden")
      }
      let foreign = try await test.admit("lina", .administrator, models: ["lamp"]).header
      #expect(try await front.send(.post, path, as: foreign, "{}").json()["token"]?.text == new)
    }
  }
}
