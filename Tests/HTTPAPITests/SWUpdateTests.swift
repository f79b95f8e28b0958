import Domain
import FirmwareService
import Foundation
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import HTTPAPI

/// What SWUpdate, built with its "general purpose HTTP server", says and hears.
@Suite("SWUpdate's general server") struct SWUpdateTests {
  /// What `server_general.c` sends with a log line.
  private static let logHeaders: HTTPFields = [.contentType: "application/text", .accept: "application/text"]

  @Test(arguments: Door.allCases) func `takes a thing from one version to the next`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let thing = try await world.thing(running: nil)
      let path = "/v2/things/\(thing.token)/swupdate"
      @Sendable func log(_ line: String) async throws {
        let answer = try await world.front.send(.put, "\(path)/log", Self.logHeaders, body: Array(line.utf8))
        #expect(answer.status == 200, "\(answer.text)")
      }
      // Nothing is published: SWUpdate asks again when it is told to.
      let none = try await world.front.get("\(path)?sw_version=1&boot_id=b1&serial=0%2042&hw=ipse")
      none.expectThingError(404, "there is no update")
      #expect((240...360).contains(none.headers[.retryAfter].flatMap(Int.init) ?? 0))
      let id = try await world.begin()
      let found = try await world.front.get("\(path)?sw_version=1&boot_id=b1&serial=0%2042&hw=ipse")
      #expect(found.status == 302 && found.bytes.isEmpty && found.length == 0)
      #expect(found.headers[.retryAfter] == nil)
      let image = "/v2/things/\(thing.token)/firmwares/download/\(world.firmwares["main 2"] ?? "")"
      #expect(found.headers[.location] == "http://localhost\(image)")
      try await log("started,2025-06-15T15:06:40Z,1,ipse")
      #expect(try await world.counts(id) == ["offered": 1], "what is downloading is seen by the server itself")
      #expect(try await world.front.get(image).bytes == imageBytes(RolloutWorld.imageSize, seed: 2))
      try await log("success,2025-06-15T15:06:40Z,1,ipse")
      #expect(try await world.counts(id) == ["installed": 1])
      try await world.front.get("\(path)?sw_version=1&boot_id=b1").expectThingError(404, "there is no update")
      try await world.front.get("\(path)?sw_version=2&boot_id=b2").expectThingError(404, "there is no update")
      #expect(try await world.counts(id) == ["confirmed": 1])
      // What it said of itself is kept, once, and nothing of what is said in another way.
      let all = try await world.front.get("/v2/things/\(thing.token)/all_resources?limit=100").json()
      guard case .array(let resources) = all else { throw CancellationError() }
      #expect(resources.compactMap { $0["key"]?.text }.sorted() == ["hw", "serial", "swupdate.log"])
      let serials = resources.first { $0["key"]?.text == "serial" }.map { DocumentedJourney.entries($0, "values") }
      #expect(serials?.map { $0["value"]?.text } == ["0 42"])
    }
  }

  @Test func `a failure that is logged is the thing's word, and an update that was not begun has none`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let path = "/v2/things/\(thing.token)/swupdate"
      @Sendable func log(_ text: String) async throws -> Int {
        try await world.front.send(.put, "\(path)/log", body: Array(text.utf8)).status
      }
      #expect(try await log("fail,there is nothing to fail") == 200)
      let id = try await world.begin()
      for line in ["failing", "#14,fail", "successful,1", ",success", ""] {
        #expect(try await log(line) == 200)
        #expect(try await world.counts(id) == ["waiting": 1], "\(line)")
      }
      #expect(try await world.front.get(path).status == 302)
      #expect(try await log("fail,no network") == 200)
      #expect(try await world.front.get(path).status == 302, "a download that failed is tried again")
      #expect(try await world.fetch(thing).status == 200)
      #expect(try await log("started,1\r\nFAIL ,\0no space left\r\n") == 200)
      #expect(try await world.counts(id) == ["failed": 1])
      let shown = try await world.front.operate(.get, "/api/v1/things/\(thing.id)").text
      #expect(shown.contains("FAIL ,no space left"), "\(shown)")
      #expect(try await world.front.get(path).status == 302, "it may fail three times")
      #expect(try await world.fetch(thing).status == 200)
      #expect(try await log("fail,no space left") == 200)
      #expect(try await world.front.get(path).status == 404, "an operator has to retry it")
    }
  }

  @Test func `of a long log the end is kept, in whole characters, and what is no text is kept as far as it goes`() {
    #expect(SWUpdateLog(Array(String(repeating: "é", count: 3000).utf8)).text == String(repeating: "é", count: 2048))
    #expect(SWUpdateLog(Array(("a" + String(repeating: "é", count: 3000)).utf8)).text.count == 2048)
    #expect(SWUpdateLog(Array((String(repeating: "é", count: 3000) + "a").utf8)).text.utf8.count == 4095)
    #expect(SWUpdateLog([0x61, 0xFF, 0, 0x62]).text == "a\u{FFFD}b")
    #expect(SWUpdateLog(Array("fail,1\nsuccess,2\n".utf8)).end?.status == .installed)
    #expect(SWUpdateLog(Array("success,1\nfail,2\nmore".utf8)).end?.line == "fail,2")
  }

  @Test func `a log has a largest size, and an updater without a thing is not told that there is no update`() async throws {
    let test = try await TestService { $0.largestThingBody = 5000 }
    try await test.createModel()
    let token = try await test.activate()
    try await test.open(.router) { front in
      let path = "/v2/things/\(token)/swupdate/log"
      #expect(try await front.send(.put, path, body: Array(repeating: 0x61, count: 5001)).status == 413)
      #expect(try await front.send(.put, path, body: Array(repeating: 0x61, count: 5000)).status == 200)
      let read = try await front.get("/v2/things/\(token)/resources/swupdate.log").text
      #expect(read.contains("\"\(String(repeating: "a", count: 4096))\""))
      let stranger = "/v2/things/\(String(repeating: "x", count: 43))"
      for answer in [
        try await front.get("\(stranger)/swupdate?sw_version=1"),
        try await front.send(.put, "\(stranger)/swupdate/log", body: []),
        try await front.get("\(stranger)/rauc"), try await front.get("/v2/things/no/rauc"),
      ] { answer.expectThingError(401, "thing not found") }
    }
  }

  @Test(arguments: Door.allCases) func `an update that has to wait is answered with 503 and when to ask`(door: Door)
    async throws
  {
    try await RolloutWorld.play(door: door) { world in
      let thing = try await world.thing()
      let id = try await world.begin(#""consent":true"#)
      let held = try await world.front.get("/v2/things/\(thing.token)/swupdate?sw_version=1")
      held.expectThingError(503, "held: its owner has not agreed yet")
      #expect((48...72).contains(held.headers[.retryAfter].flatMap(Int.init) ?? 0))
      #expect(try await world.front.get("/v2/things/\(thing.token)/rauc").status == 204)
      try await world.write(thing, #"{"key":"$consent","value":{"allow":true}}"#)
      #expect(try await world.front.get("/v2/things/\(thing.token)/swupdate?sw_version=1").status == 302)
      #expect(try await world.counts(id) == ["offered": 1])
    }
  }

  @Test func `a rollout that is only downloaded is nothing for an updater that installs what it gets`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      _ = try await world.begin(#""downloadOnly":true"#)
      #expect(try await world.front.get("/v2/things/\(thing.token)/swupdate").status == 404)
      #expect(try await world.front.get("/v2/things/\(thing.token)/rauc").status == 204)
    }
  }

  @Test func `each MCU is spoken of by its name, and the first by none`() async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      let thing = try await world.thing(running: nil)
      let path = "/v2/things/\(thing.token)/swupdate"
      #expect(try await world.front.get("\(path)?sw_version=1&sw_version_radio=1&sw_version_boot=7").status == 404)
      _ = try await world.begin()
      let first = try await world.front.get(path)
      #expect(first.headers[.location]?.hasSuffix(world.firmwares["main 2"] ?? "none") == true)
      let second = try await world.front.get("\(path)?sw_version_main=2&sw_version=1")
      #expect(second.headers[.location]?.hasSuffix(world.firmwares["radio 2"] ?? "none") == true, "\(second.text)")
      #expect(try await world.front.get("\(path)?sw_version_radio=2").status == 404)
      let other = try await world.front.get("/v2/things/\(thing.token)/resources/sw_version_boot")
      #expect(other.text.contains("\"7\""), "what names no MCU is a value like any other")
      // All of it is taken, or none.
      #expect(try await world.front.get("\(path)?sw_version=1&sw_version_radio=%01").status == 400)
      #expect(try await world.poll(thing) == [])
    }
  }

  @Test func `what is no key of a resource is left out`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let path = "/v2/things/\(try await test.activate())"
    try await test.open(.router) { front in
      let query = "description=x&$settings=x&$link=x&a%20b=x&%zz=x&=x&sw_version=&boot_id=&lot%2D7=x&empty"
      #expect(try await front.get("\(path)/swupdate?\(query)").status == 404)
      let names = try await front.get("\(path)/resources").json()
      #expect(names["resources"]?.json == #"["empty","lot-7"]"#)
      #expect(try await front.get("\(path)/resources/description").text == "[]")
    }
  }

  @Test func `an image is where the thing reaches the service`() async throws {
    let test = try await TestService { $0.trustedProxies = ["127.0.0.1", "::1"] }
    let published = try await TestService(
      { $0.publicPath = "/ota" }, service: { $0.publicURL = "https://public.example/ota" })
    for (test, isPublic) in [(test, false), (published, true)] {
      try await test.createModel()
      let id = try await test.release("1", imageBytes(10)).publicID
      let token = try await test.activate()
      let image = "/v2/things/\(token)/firmwares/download/\(id)"
      try await test.application().test(.live) { client in
        let port = client.port ?? 0
        let asked: [(host: String, more: [String], origin: String)] = [
          ("ota.example.com:8080", [], "http://ota.example.com:8080"),
          ("inner", ["X-Forwarded-Proto: https", "X-Forwarded-Host: ota.example.com"], "https://ota.example.com"),
          ("inner", ["Forwarded: for=1.2.3.4;proto=https;host=\"ota.example.com:444\""], "https://ota.example.com:444"),
          ("evil.example/x?", [], "http://127.0.0.1:\(port)"), ("a@evil.example", [], "http://127.0.0.1:\(port)"),
        ]
        for (host, more, origin) in asked {
          let connection = try WireClient(port: port)
          connection.send(
            (["GET /v2/things/\(token)/swupdate HTTP/1.1", "Host: \(host)"] + more + ["", ""]).joined(separator: "\r\n"))
          let head = try await connection.read(through: "\r\n\r\n")
          let expected = isPublic ? "https://public.example/ota" : origin
          #expect(head.hasPrefix("HTTP/1.1 302 "), "\(host): \(head)")
          #expect(head.contains("Location: \(expected)\(image)\r\n"), "\(host): \(head)")
        }
      }
    }
  }
}
