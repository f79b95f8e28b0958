import Cryptography
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("An operator at the door") struct RouterOperatorTests {
  @Test(arguments: Door.allCases) func `needs a token, whatever is asked for`(door: Door) async throws {
    let test = try await TestService()
    try await test.open(door) { front in
      for (method, path) in [
        (.get, "/api/v1/models"), (.get, "/api/v1/operator"), (.get, "/api/v1/things/x/token"), (.get, "/api/v1/audit"),
        (.post, "/api/v1/store/verification"), (.put, "/api/v1/images/sha256:x"), (.get, "//api//v1/models"),
        (.get, "/api/v1/models/"),
      ] as [(HTTPRequest.Method, String)] {
        for header in [nil, "", "Bearer", "Bearer ", "Bearer wrong", TestService.token, "Basic \(TestService.token)"] {
          let answer = try await front.send(method, path, header.map { [.authorization: $0] } ?? [:])
          try answer.expectProblem(401, "unauthorized")
          #expect(answer.headers[.wwwAuthenticate] == "Bearer")
        }
      }
      let answer = try await front.get("/api/v1/operator", [.authorization: "bEaReR \(TestService.token)"])
      #expect(
        answer.status == 200
          && answer.text == #"{"createdAt":"2025-06-15T15:06:40.999Z","id":"1","name":"ada","role":"administrator"}"#)
      try await front.operate(.get, "/api/v1/nothing").expectProblem(404, "unknown-path")
      let wrong = try await front.operate(.delete, "/api/v1/models")
      try wrong.expectProblem(405, "method-not-allowed")
      #expect(wrong.headers[.allow] == "GET, POST")
    }
  }

  @Test(arguments: Door.allCases) func `makes models with any printable name`(door: Door) async throws {
    let test = try await TestService()
    try await test.open(door) { front in
      let body = #"{"name":"i.MX 8M/é?","mcus":["a b","c"],"numericVersions":true,"confirmWithin":60}"#
      let shape =
        #"{"confirmWithin":60,"createdAt":"2025-06-15T15:06:40.999Z","deviceDoor":{"trustsReports":false,"#
        + #""unknownThings":"accept","versionAttribute":"sw_version"},"fourEyes":false,"#
        + #""mcus":[{"moduleType":"application","name":"a b","newestSequence":0,"part":"bApp"},"#
        + #"{"moduleType":"application","name":"c","newestSequence":0,"part":"bApp"}],"name":"i.MX 8M/é?","#
        + #""numericVersions":true,"pollInterval":300,"retention":{}}"#
      let made = try await front.operate(.post, "/api/v1/models", body)
      #expect(made.status == 201 && made.text == shape && made.length == made.bytes.count)
      let again = try await front.operate(.post, "/api/v1/models", body)
      #expect(again.status == 200 && again.text == shape)
      let shown = try await front.operate(.get, "/api/v1/models/i.MX%208M%2F%C3%A9%3F")
      #expect(shown.status == 200 && shown.text == shape)
      try await front.operate(.post, "/api/v1/models", body.replacing("60", with: "61")).expectProblem(409, "exists")
      try await front.operate(.get, "/api/v1/models/other").expectProblem(404, "unknown-model")
      try await front.operate(.get, "/api/v1/models/%ff").expectProblem(400, "malformed")
      for bad in [
        "", "[]", "{}", #"{"name":"x"}"#, #"{"name":"x","mcus":[]}"#, #"{"name":"","mcus":["a"]}"#, #"{"name":1,"mcus":["a"]}"#,
        #"{"name":"x","mcus":["a","a"]}"#, #"{"name":"x","mcus":"a"}"#, #"{"name":"x","mcus":["a"],"confirmWithin":0}"#,
        #"{"name":"x\u0000","mcus":["a"]}"#, #"{"name":"x","mcus":["a"],"confirmWithin":1.5}"#,
      ] {
        try await front.operate(.post, "/api/v1/models", bad).expectProblem(400, "malformed")
      }
      let large = String(repeating: " ", count: 4 * 1024 * 1024 + 1)
      try await front.operate(.post, "/api/v1/models", large).expectProblem(413, "body-too-large")
      #expect(try await front.operate(.get, "/api/v1/models").text == #"{"models":[\#(shape)],"next":null}"#)
    }
  }

  @Test func `reads lists page by page, without gaps or repeats`() async throws {
    let test = try await TestService()
    for name in ["c", "a", "e", "b", "d"] { try await test.createModel(name) }
    for number in 1...5 as ClosedRange<Int64> {
      try await test.release("\(number)", imageBytes(10, seed: UInt64(number)), model: "a", sequence: number)
      _ = try await test.activate("a")
    }
    try await test.open(.router) { front in
      for (path, list, key, ordered) in [
        ("models", "models", "name", ["a", "b", "c", "d", "e"]),
        ("firmwares", "firmwares", "version", ["5", "4", "3", "2", "1"]),
        ("codes", "codes", "code", nil), ("things", "things", "id", nil), ("things?model=a", "things", "id", nil),
      ] as [(String, String, String, [String]?)] {
        var seen: [String] = []
        var after: String?
        repeat {
          let separator = path.contains("?") ? "&" : "?"
          let page = try await front.operate(.get, "/api/v1/\(path)\(separator)limit=2" + (after.map { "&after=\($0)" } ?? ""))
          #expect(page.status == 200)
          guard case .array(let entries)? = try page.json()[list] else { return }
          let next = try page.json()["next"]
          #expect(entries.count == 2 || next == .null)
          seen += entries.compactMap { $0[key]?.text }
          after = next?.text
        } while after != nil && seen.count < 20
        #expect(seen.count == 5 && Set(seen).count == 5, "\(path)")
        if let ordered { #expect(seen == ordered) }
      }
      for path in ["codes", "things", "firmwares", "audit"] {
        try await front.operate(.get, "/api/v1/\(path)?after=x").expectProblem(400, "malformed")
        try await front.operate(.get, "/api/v1/\(path)?limit=x").expectProblem(400, "malformed")
        if path != "audit" {
          try await front.operate(.get, "/api/v1/\(path)?model=none").expectProblem(404, "unknown-model")
        }
      }
      try await front.operate(.get, "/api/v1/status?model=none").expectProblem(404, "unknown-model")
    }
  }

  @Test(arguments: Door.allCases) func `uploads an image once, and goes on where it stopped`(door: Door) async throws {
    let test = try await TestService { $0.largestImage = 2000 }
    let bytes = imageBytes(1000)
    let digest = try test.envelope(of: bytes, version: "1", sequence: 1).digest
    let path = "/api/v1/images/\(digest)"
    try await test.open(door) { front in
      func put(_ bytes: [UInt8], _ range: String? = nil, at path: String) async throws -> Answer {
        var headers: HTTPFields = [.authorization: "Bearer \(TestService.token)"]
        headers[.contentRange] = range
        return try await front.send(.put, path, headers, body: bytes)
      }
      let absent = try await front.operate(.head, path)
      #expect(absent.status == 404 && absent.headers[.uploadOffset] == "0" && absent.bytes.isEmpty)
      try await put(Array(bytes.dropLast()), at: path).expectProblem(422, "digest-mismatch")
      let gap = try await put(Array(bytes[500...]), "bytes 500-999/1000", at: path)
      try gap.expectProblem(416, "wrong-offset")
      #expect(gap.headers[.uploadOffset] == "0")
      for range in [
        "bytes 0-998/1000", "bytes 5-4/1000", "items 0-999/1000", "bytes */1000", "bytes 0-999/*", "0-999/1000",
        "bytes 0-1999/2000",
      ] {
        try await put(bytes, range, at: path).expectProblem(400, "malformed")
      }
      try await put(imageBytes(2001), at: path).expectProblem(413, "image-too-large")
      try await put([1], "bytes 2000-2000/2001", at: path).expectProblem(413, "image-too-large")
      for name in ["sha256:x", "sha256:\(digest.hex.uppercased())", digest.hex, "sha1:\(digest.hex)", "%00", "..%2Fx"] {
        try await put(bytes, at: "/api/v1/images/\(name)").expectProblem(400, "malformed")
      }
      let shape = #"{"digest":"\#(digest)","size":1000}"#
      let stored = try await put(bytes, "bytes 0-999/1000", at: path)
      #expect(stored.status == 201 && stored.text == shape)
      let again = try await put(bytes, at: path)
      #expect(again.status == 200 && again.text == shape)
      let present = try await front.operate(.head, path)
      #expect(present.status == 200 && present.length == 1000 && present.bytes.isEmpty)
    }
  }

  @Test func `registers what is signed, and is told why not`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let (bytes, other) = (imageBytes(100), imageBytes(100, seed: 2))
    let good = try test.envelope(of: bytes, version: "1.0", sequence: 5)
    try await test.open(.router) { front in
      func register(_ json: [UInt8], _ query: String = "") async throws -> Answer {
        try await front.operate(.post, "/api/v1/firmwares\(query)", String(decoding: json, as: UTF8.self))
      }
      try await register(good.json).expectProblem(422, "image-missing")
      _ = try await test.store(bytes)
      _ = try await test.store(other)
      let unknown = try test.envelope(of: bytes, model: "x", version: "1.0", sequence: 5)
      try await register(unknown.json).expectProblem(404, "unknown-model")
      let noMCU = try test.envelope(of: bytes, mcu: "x", version: "1.0", sequence: 5)
      try await register(noMCU.json).expectProblem(404, "unknown-mcu")
      let made = try await register(good.json)
      #expect(made.status == 201)
      #expect(try made.json()["publishedAt"] == nil)
      let published = try await register(good.json, "?publish=true")
      #expect(published.status == 200)
      #expect(try published.json()["publishedAt"]?.text == "2025-06-15T15:06:40.999Z")
      #expect(try await register(good.json, "?publish=false").bytes == published.bytes)
      try await register(try test.envelope(of: other, version: "1.0", sequence: 6).json).expectProblem(409, "version-taken")
      try await register(try test.envelope(of: other, version: "1.1", sequence: 5).json).expectProblem(409, "sequence-too-old")
      try await register(Array("{}".utf8)).expectProblem(400, "malformed")
      let text = String(decoding: good.json, as: UTF8.self)
      let unsigned = String(text.prefix(upTo: text.firstRange(of: "[{")!.lowerBound)) + "[]}"
      try await register(Array(unsigned.utf8)).expectProblem(403, "unsigned-manifest")
      try await register(Array(text.replacing("vnd.firmament", with: "vnd.other").utf8)).expectProblem(
        400, "malformed-manifest")
      let id = try test.key.publicKey.id
      try await register(Array(text.replacing(id, with: String(repeating: "0", count: 64)).utf8))
        .expectProblem(403, "untrusted-key")
      let foreign = try test.envelope(of: other, version: "9", sequence: 9)
      let signature = String(decoding: foreign.json, as: UTF8.self).split(separator: "\"sig\":")[1]
      let mixed = String(text.prefix(upTo: text.firstRange(of: "\"sig\":")!.upperBound)) + signature
      try await register(Array(mixed.utf8)).expectProblem(403, "wrong-signature")
      let revoked = try await front.operate(.delete, "/api/v1/models/lamp/keys/\(id)")
      #expect(revoked.status == 200)
      try await register(foreign.json).expectProblem(403, "revoked-key")
    }
  }

  @Test(arguments: Door.allCases) func `makes codes, and reads them as CSV for the factory`(door: Door) async throws {
    let test = try await TestService()
    try await test.createModel("a,\"b\"")
    try await test.open(door) { front in
      let made = try await front.operate(.post, "/api/v1/codes", #"{"model":"a,\"b\"","count":2}"#)
      #expect(made.status == 201)
      guard case .array(let codes)? = try made.json()["codes"] else { return }
      let texts = codes.compactMap { $0["code"]?.text }
      #expect(texts.count == 2 && texts.allSatisfy { $0.utf8.count <= 34 })
      _ = try await test.service.activateThing(code: texts[0])
      let thing = try await test.newestThing()
      let csv = try await front.operate(.get, "/api/v1/codes", nil, [.accept: "text/csv"])
      let (time, model) = ("2025-06-15T15:06:40.999Z", "\"a,\"\"b\"\"\"")
      #expect(csv.type == "text/csv")
      #expect(
        csv.text
          == "code,model,createdAt,usedAt,thing\r\n\(texts[1]),\(model),\(time),,\r\n"
          + "\(texts[0]),\(model),\(time),\(time),\(thing)\r\n"
      )
      let unused = try await front.operate(.get, "/api/v1/codes?unused=true&model=a%2C%22b%22", nil, [.accept: "text/csv"])
      #expect(unused.text.split(separator: "\r\n").count == 2)
      for bad in [#"{"model":"a,\"b\"","count":0}"#, #"{"model":"a,\"b\"","count":10001}"#, #"{"count":1}"#] {
        try await front.operate(.post, "/api/v1/codes", bad).expectProblem(400, "malformed")
      }
      try await front.operate(.post, "/api/v1/codes", #"{"model":"x","count":1}"#).expectProblem(404, "unknown-model")
    }
  }

  @Test func `takes care of a thing, and is told when there is none`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    let path = "/api/v1/things/\(try await test.newestThing())"
    try await test.open(.router) { front in
      #expect(try await front.operate(.get, "\(path)/token").json()["token"]?.text == token)
      let rotated = try await front.operate(.post, "\(path)/token", #"{"overlap":60}"#)
      #expect(rotated.status == 201)
      #expect(try rotated.json()["previousExpiresAt"]?.text == "2025-06-15T15:07:40.999Z")
      try await front.operate(.post, "\(path)/token", #"{"overlap":-1}"#).expectProblem(400, "malformed")
      try await front.operate(.post, "\(path)/retry?mcu=x").expectProblem(404, "unknown-mcu")
      #expect(try await front.operate(.post, "\(path)/retry").status == 200)
      let code = try await front.operate(.post, "\(path)/reset").json()["code"]?.text
      #expect(code?.utf8.count == 26)
      #expect(try await front.get("/v2/things/\(token)/firmwares/latest").status == 404)
      try await front.operate(.get, "\(path)/token").expectProblem(404, "unknown-thing")
      let retired = try await front.operate(.post, "\(path)/retirement")
      #expect(retired.status == 200)
      #expect(try retired.json()["retiredAt"]?.text == "2025-06-15T15:06:40.999Z")
      try await front.operate(.post, "\(path)/reset").expectProblem(409, "retired")
      try await front.operate(.post, "\(path)/token", "{}").expectProblem(409, "retired")
      for (method, end) in [(.get, ""), (.get, "/token"), (.post, "/reset"), (.post, "/retirement"), (.post, "/retry")]
        as [(HTTPRequest.Method, String)]
      {
        try await front.operate(method, "/api/v1/things/nobody\(end)").expectProblem(404, "unknown-thing")
      }
      let entries = try await front.operate(.get, "/api/v1/audit").json()["entries"]
      guard case .array(let deeds)? = entries else { return }
      let actions = deeds.compactMap { $0["action"]?.text }
      #expect(
        actions.prefix(5) == ["thing.retire", "thing.reset", "thing.retry", "thing.rotateToken", "thing.readToken"])
      #expect(deeds.allSatisfy { $0["actor"]?.text == "ada" })
    }
  }

  @Test func `sees every state in the status, zeros too`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let firmware = try await test.release("1.0", imageBytes(10))
    let token = try await test.activate()
    try await test.open(.router) { front in
      _ = try await front.get("/v2/things/\(token)/firmwares/latest")
      let counts =
        #"{"claimed":0,"confirmed":0,"downloaded":0,"downloading":0,"failed":0,"installed":0,"installing":0,"offered":1,"#
        + #""rejected":0,"rolledBack":0}"#
      let entry =
        #"{"counts":\#(counts),"id":"\#(firmware.publicID)","mcu":"main","model":"lamp","published":true,"running":0,"#
        + #""version":"1.0"}"#
      #expect(try await front.operate(.get, "/api/v1/status").text == #"{"firmwares":[\#(entry)]}"#)
      let sound = try await front.operate(.post, "/api/v1/store/verification").json()
      #expect(sound["sound"] == .bool(true) && sound["images"] == .integer(1) && sound["things"] == .integer(1))
    }
  }
}
