import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A thing at the door") struct RouterThingTests {
  @Test(arguments: Door.allCases) func `activates with exactly the bytes that small clients search`(door: Door) async throws {
    let test = try await TestService()
    try await test.createModel()
    let codes = try await test.service.createCodes(for: "lamp", count: 4, by: "ada").map(\.code)
    try await test.open(door) { front in
      // With and without a trailing slash, an empty query, a doubled slash, and further members.
      for (path, code) in zip(["/v2/things", "/v2/things/", "/v2/things?", "/v2//things/"], codes) {
        let answer = try await front.post(path, #"{"activationCode":"\#(code)","productId":"x"}"#)
        #expect(answer.status == 201 && answer.reason == "Created", "\(path): \(answer.text)")
        let token = String(answer.text.suffix(45).dropLast(2))
        #expect(ThingToken(token) != nil)
        #expect(answer.text == #"{"status":"created","message":"thing activated","thingToken":"\#(token)"}"#)
        #expect(answer.length == answer.bytes.count)
        #expect(answer.type == "application/json")
        #expect(try await test.service.identifyThing(token) > 0)
      }
      try await front.post("/v2/things", #"{"activationCode":"\#(codes[0])"}"#)
        .expectThingError(403, "invalid activation code")
      try await front.post("/v2/things", #"{"activationCode":"\#(String(repeating: "A", count: 10_240))"}"#)
        .expectThingError(403, "invalid activation code")
      try await front.post("/v2/things", "{}").expectThingError(400, "activationCode: is needed")
      try await front.post("/v2/things", #"{"activationCode":null}"#).expectThingError(400, "activationCode: is null")
      try await front.post("/v2/things", #"{"activationCode":17}"#)
        .expectThingError(400, "activationCode: has the wrong type")
      for text in ["", "hello", "{"] {
        try await front.post("/v2/things", text).expectThingError(400, "the body is not JSON")
      }
      try await front.post("/v2/things", #"{"activationCode":"\#("\u{0}")"}"#)
        .expectThingError(400, "the body is not JSON in UTF-8")
      let deep = String(repeating: "[", count: 33) + String(repeating: "]", count: 33)
      try await front.post("/v2/things", deep).expectThingError(400, "the JSON is nested deeper than 32")
      let large = try await front.post("/v2/things", String(repeating: " ", count: 256 * 1024 + 1))
      large.expectThingError(413, "the body has more than 262144 bytes")
    }
  }

  @Test(arguments: Door.allCases) func `is told what it may have, in one short answer`(door: Door) async throws {
    let test = try await TestService()
    try await test.createModel()
    let firmware = try await test.release("2024.0.1", imageBytes(1000))
    let token = try await test.activate()
    let path = "/v2/things/\(token)/firmwares/latest"
    let entry =
      #"{"_id":"\#(firmware.publicID)","version":"2024.0.1","mcu":"main","sequence":1,"size":1000,"#
      + #""sha256":"\#(firmware.digest.hex)","url":"/v2/things/\#(token)/firmwares/download/\#(firmware.publicID)","#
    try await test.open(door) { front in
      let offered = try await front.get(path)
      #expect(offered.status == 200)
      let soon = offered.retryAfter
      #expect((48...72).contains(soon))
      #expect(offered.text == #"{"status":"success","firmwares":[\#(entry)"update":true}],"retryAfter":\#(soon)}"#)
      #expect(offered.length == offered.bytes.count && offered.type == "application/json")
      let headers = offered.headers.reduce(0) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count + 4 }
      #expect(headers + offered.bytes.count + 17 < 1400)
      #expect(!offered.headers.contains { $0.value.contains("{") || $0.value.contains("[") })

      let tag = try #require(offered.headers[.eTag])
      #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
      for known in [tag, "W/\(tag)", "*", "\"x\", \(tag)"] {
        let same = try await front.get(path, [.ifNoneMatch: known])
        #expect(same.status == 304 && same.bytes.isEmpty && same.headers[.eTag] == tag, "\(known)")
      }
      let head = try await front.send(.head, path)
      #expect(head.status == 200 && head.bytes.isEmpty && head.length == offered.bytes.count && head.headers[.eTag] == tag)

      let current = try await front.get(path + "?mcu=main&version=2024.0.1&boot=b%201", [.ifNoneMatch: tag])
      #expect(current.status == 200, "it changed")
      // Nothing is under way any more: five times as long, with the same share of it more or less.
      let later = current.retryAfter
      #expect((soon * 5 - 3...soon * 5 + 3).contains(later))
      #expect(current.text == #"{"status":"success","firmwares":[\#(entry)"update":false}],"retryAfter":\#(later)}"#)
      #expect(current.headers[.eTag] != tag)
      #expect(try await front.get("//v2//things/\(token)/firmwares/latest/?").bytes == current.bytes)
    }
    let report = try await test.service.showThing(test.newestThing()).mcus[0]
    #expect(report.standing?.boot == "b 1" && report.installation?.state == .confirmed)
  }

  @Test func `polls under a public path get links below it, and one with nothing gets an empty list`() async throws {
    let test = try await TestService { $0.publicPath = "/firmware" }
    try await test.createModel(mcus: ["i.MX 8M \"Mini\""])
    let token = try await test.activate()
    try await test.open(.router) { front in
      let empty = try await front.get("/v2/things/\(token)/firmwares/latest")
      #expect((240...360).contains(empty.retryAfter))
      #expect(empty.text == #"{"status":"success","firmwares":[],"retryAfter":\#(empty.retryAfter)}"#)
      let firmware = try await test.release("v1\\é/2", imageBytes(10), mcu: "i.MX 8M \"Mini\"")
      let answer = try await front.get("/v2/things/\(token)/firmwares/latest")
      let entry = try #require({ if case .array(let list)? = try answer.json()["firmwares"] { list.first } else { nil } }())
      #expect(entry["url"]?.text == "/firmware/v2/things/\(token)/firmwares/download/\(firmware.publicID)")
      #expect(entry["version"]?.text == "v1\\é/2" && entry["mcu"]?.text == "i.MX 8M \"Mini\"")
    }
  }

  @Test(arguments: Door.allCases) func `is not found by a token that is unknown, malformed or far too long`(door: Door)
    async throws
  {
    let test = try await TestService()
    try await test.createModel()
    let firmware = try await test.release("1", imageBytes(10))
    try await test.open(door) { front in
      for token in [
        String(repeating: "a", count: 43), "x", "%00", "..%2f..", String(repeating: "a", count: 10_240), "a%20b",
        String(repeating: "%61", count: 42),
      ] {
        for path in [
          "firmwares/latest", "firmwares/download/\(firmware.publicID)", "firmwares/manifest/x", "resources/$firmware",
        ] {
          try await front.get("/v2/things/\(token)/\(path)").expectThingError(404, "thing not found")
        }
        try await front.post("/v2/things/\(token)", "{}").expectThingError(404, "thing not found")
      }
      let answer = try await front.get("/v2/things/%ff%fe/firmwares/latest")
      answer.expectThingError(400, "token: is not percent-encoded UTF-8")
      #expect(try await front.get("/v2/things/x/firmwares/latest").reason == "Not Found")
    }
  }

  @Test(arguments: Door.allCases) func `reports, and reads what it reported`(door: Door) async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("2.0", imageBytes(10))
    let token = try await test.activate()
    try await test.open(door) { front in
      let path = "/v2/things/\(token)"
      try await front.get("\(path)/resources/$firmware").expectThingError(404, "resource not found")
      for path in [path, "\(path)/", "\(path)?"] {
        let written = try await front.post(
          path, #"{"values":[{"key":"$firmware","value":{"version":"2.0","status":"installed","code":7},"units":"x"}]}"#)
        #expect(written.status == 201 && written.text == #"{"status":"created","message":"created"}"#)
        #expect(written.length == written.bytes.count && written.type == "application/json")
      }
      let value = #"{"code":7,"status":"installed","version":"2.0"}"#
      let one = #"{"key":"$firmware","value":\#(value),"datetime":"2025-06-15T15:06:40.999Z"}"#
      for limit in ["", "?limit=1", "?limit=0", "?limit=-5", "?limit=x", "/"] {
        let read = try await front.get("\(path)/resources/$firmware\(limit)")
        #expect(read.status == 200 && read.text == "[\(one)]", "\(limit)")
      }
      #expect(try await front.get("\(path)/resources/$firmware/?limit=1000").text == "[\(one),\(one),\(one)]")
      #expect(try await front.get("\(path)/resources/%24firmware?limit=2").text == "[\(one),\(one)]")

      for (text, message) in [
        ("{}", "values: is needed"), (#"{"values":[]}"#, "values: is empty"), (#"{"values":{}}"#, "values: has the wrong type"),
        (#"{"values":[{"value":1}]}"#, "values.0.key: is needed"),
        (#"{"values":[{"key":"$firmware"}]}"#, "values.0.value: is needed"),
        (#"{"values":[{"key":"$firmware","value":{}}]}"#, "version: is needed"),
        (#"{"values":[{"key":"$firmware","value":1}]}"#, "value: an object is needed"),
        (
          #"{"values":[{"key":"$led","value":1}]}"#,
          "key: there are $geo, $settings, $firmware, $link and $consent, and no other key begins with $"
        ),
        (
          #"{"values":[{"key":"$firmware","value":{"version":"9","status":"failed"}}]}"#,
          "version: there is no firmware 9 for main"
        ),
        (#"{"values":[{"key":"$firmware","value":{"version":"2.0","message":"\u0000"}}]}"#, "message: has a NUL character"),
      ] {
        try await front.post(path, text).expectThingError(400, message)
      }
      let large = "{\"values\":[" + String(repeating: " ", count: 256 * 1024) + "]}"
      try await front.post(path, large).expectThingError(413, "the body has more than 262144 bytes")
    }
  }

  @Test(arguments: Door.allCases) func `at a path or with a method that is none gets an answer that says so`(door: Door)
    async throws
  {
    let test = try await TestService()
    try await test.open(door) { front in
      try await front.get("/v2/nothing").expectThingError(404, "there is nothing at this path")
      let answer = try await front.send(.delete, "/v2/things")
      answer.expectThingError(405, "this path takes POST")
      #expect(answer.headers[.allow] == "POST")
      #expect(try await front.send(.put, "/healthz").headers[.allow]?.contains("GET") == true)
    }
  }

  @Test func `sees at healthz, readyz and metrics what watches the service`() async throws {
    let test = try await TestService { $0.metricsToken = "figures" }
    for door in Door.allCases {
      try await test.open(door) { front in
        #expect(try await front.get("/healthz").text == "ok\n")
        #expect(try await front.get("/readyz").text == "ready\n")
        let head = try await front.send(.head, "/healthz")
        #expect(head.status == 200 && head.bytes.isEmpty && head.length == 3)
        try await front.get("/metrics").expectProblem(401, "unauthorized")
        try await front.get("/metrics", [.authorization: "Bearer wrong"]).expectProblem(401, "unauthorized")
        let figures = try await front.get("/metrics", [.authorization: "bearer figures"])
        #expect(figures.status == 200 && figures.text == "figures 1\n")
        #expect(figures.type == "text/plain; version=0.0.4; charset=utf-8")
      }
    }
  }
}
