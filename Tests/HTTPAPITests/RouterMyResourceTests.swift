import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("An owner's app") struct RouterMyResourceTests {
  private static let created = #"{"status":"created","message":"created"}"#

  @Test(arguments: Door.allCases) func `reads values by resource and by thing, newest first`(door: Door) async throws {
    try await Household.open(door) { home in
      let devices = [try await home.newDevice(of: home.ada), try await home.newDevice(of: home.ada)].sorted { $0.id < $1.id }
      try await home.front.ask(.get, "/v2/me/resources/t", as: home.ada).expectThingError(404, "resource not found")
      try await home.front.ask(.get, "/v2/me/resources/t/\(devices[0].id)", as: home.ada)
        .expectThingError(404, "resource not found")
      try await home.front.ask(.get, "/v2/me/resources/t/none", as: home.ada).expectThingError(404, "thing not found")
      for hour in 1...3 { try await home.write(devices[0], "t", "\(hour)", at: "2025010\(hour)000000") }
      let first = #"{"key":"t","value":3,"datetime":"2025-01-03T00:00:00.000Z"}"#
      #expect(try await home.read("/v2/me/resources/t", as: home.ada) == #"{"\#(devices[0].id)":[\#(first)]}"#)
      #expect(try await home.read("/v2/me/resources/t/\(devices[0].id)/", as: home.ada) == "[\(first)]")
      try await home.write(devices[1], "t", #""x""#, at: "20250101000000")
      try await home.write(devices[1], "u", "null", at: "20250101000000")
      let second = #"{"key":"t","value":"x","datetime":"2025-01-01T00:00:00.000Z"}"#
      #expect(
        try await home.read("/v2/me/resources/t?limit=", as: home.ada)
          == #"{"\#(devices[0].id)":[\#(first)],"\#(devices[1].id)":[\#(second)]}"#)
      #expect(
        try await home.read("/v2/me/resources", as: home.ada)
          == #"[{"name":"t","things":["\#(devices[0].id)","\#(devices[1].id)"]},{"name":"u","things":["\#(devices[1].id)"]}]"#)
      // From the start on, before the end.
      let range = "?startDate=20250101000000&endDate=20250103000000"
      #expect(try await home.values("t", of: devices[0], as: home.ada, range + "&limit=100") == ["2", "1"])
      #expect(try await home.values("t", of: devices[0], as: home.ada, range + "&limit=0") == ["2"])
      #expect(try await home.values("t", of: devices[0], as: home.ada, "?startDate=20260101000000") == [])
      #expect(
        try await home.read("/v2/me/resources/t\(range)&limit=2", as: home.ada).contains(#"01-02T00:00:00.000Z"},{"key""#))
      for path in ["/v2/me/resources/t?endDate=x", "/v2/me/resources/t/\(devices[0].id)?endDate=x"] {
        try await home.front.ask(.get, path, as: home.ada)
          .expectThingError(400, "endDate: YYYYMMDDHHmmss or ISO 8601 is needed")
      }
    }
  }

  @Test(arguments: Door.allCases) func `writes values that the thing can read`(door: Door) async throws {
    try await Household.open(door) { home in
      let device = try await home.newDevice(of: home.ada)
      let path = "/v2/me/resources/led/\(device.id)"
      for body in [
        #"{"values":[{"value":1,"datetime":"20250101000000"}]}"#,
        #"{"values":[{"key":"other","value":"on","datetime":"2025-01-02T00:00:00.000Z","geo":{"lat":1.5,"long":"2.25"}}]}"#,
      ] {
        let answer = try await home.front.ask(.post, path, as: home.ada, body)
        #expect(answer.status == 201 && answer.text == Self.created)
      }
      let form: HTTPFields = [.authorization: home.ada, .contentType: "application/x-www-form-urlencoded"]
      let values = Array("values[0][value]=OFF&values[0][datetime]=20250103000000".utf8)
      #expect(try await home.front.send(.post, path, form, body: values).status == 201)
      let read = try await home.front.get("/v2/things/\(device.token)/resources/led?limit=9").text
      #expect(
        read == #"[{"key":"led","value":"OFF","datetime":"2025-01-03T00:00:00.000Z"},"#
          + #"{"key":"led","value":"on","datetime":"2025-01-02T00:00:00.000Z","geo":{"lat":1.5,"long":2.25}},"#
          + #"{"key":"led","value":1,"datetime":"2025-01-01T00:00:00.000Z"}]"#, "the key is that of the path")
      #expect(try await home.read(path + "?limit=9", as: home.ada) == read)
      for (body, message) in [
        (#"{"values":[]}"#, "values: is empty"), ("{}", "values: is needed"),
        (#"{"values":[{"value":1,"datetime":"x"}]}"#, "datetime: YYYYMMDDHHmmss or ISO 8601 is needed"),
        (#"{"values":[{"value":1},{"value":2,"geo":7}]}"#, "geo: lat and long in degrees are needed"),
      ] { try await home.front.ask(.post, path, as: home.ada, body).expectThingError(400, message) }
      #expect(try await home.read(path + "?limit=9", as: home.ada) == read, "nothing was written in part")
      try await home.front.ask(.post, "/v2/me/resources/led/none", as: home.ada, #"{"values":[{"value":1}]}"#)
        .expectThingError(404, "thing not found")
      try await home.front.ask(.post, "/v2/me/resources/l%20d/\(device.id)", as: home.ada, #"{"values":[{"value":1}]}"#)
        .expectThingError(400, "key: 1 to 128 letters, digits, '.', '-' and '_' are needed")
    }
  }

  @Test func `writes where the thing is and its settings, and not what only the thing says`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      func write(_ key: String, _ value: String) async throws -> Answer {
        try await home.front.ask(
          .post, "/v2/me/resources/\(key)/\(device.id)", as: home.ada, #"{"values":[{"value":\#(value)}]}"#)
      }
      for (key, value) in [
        ("$settings", #"{"a":1,"b":2}"#), ("$settings.b", "3"), ("$settings.c.d", "4"), ("$geo", "[2.2,41.4]"),
      ] {
        #expect(try await write(key, value).status == 201)
      }
      #expect(try await home.values("$settings", of: device, as: home.ada, "") == [#"{"a":1,"b":3,"c":{"d":4}}"#])
      #expect(try await home.values("$settings.c.d", of: device, as: home.ada) == ["4"])
      #expect(try await home.read("/v2/me/resources/$settings.c.d", as: home.ada).contains(#""key":"$settings.c.d","value":4"#))
      #expect(try await home.read("/v2/me/resources/$geo", as: home.ada).contains(#""coordinates":[2.2"#))
      #expect(try await home.read("/v2/me/resources", as: home.ada) == "[]", "magic resources are no names")
      for (key, value) in [("$firmware", #"{"version":"1.0","status":"installed"}"#), ("$link", #"{"allow":true}"#)] {
        try await write(key, value).expectThingError(403, "only the thing itself writes \(key)")
        #expect(try await home.values(key, of: device, as: home.ada) == nil)
      }
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      #expect(try await home.linkByID(device, as: home.bob).status == 404, "the app has allowed nothing")
      #expect(try await home.link(device, as: home.ada).status == 200)
      #expect(try await write("$other", "1").status == 400)
    }
  }

  @Test(arguments: Door.allCases) func `replaces the description as a whole`(door: Door) async throws {
    try await Household.open(door) { home in
      let device = try await home.newDevice(of: home.ada)
      let path = "/v2/me/resources/description/\(device.id)"
      #expect(try await home.read("/v2/me/resources/description", as: home.ada) == "{}")
      #expect(try await home.read(path, as: home.ada) == "[]")
      for (document, seconds) in [(#"{"name":"x","public":{"a":1}}"#, 0), (#"{"name":"y"}"#, 1)] {
        home.test.clock.advance(seconds: Int64(seconds))
        let answer = try await home.front.ask(.put, path, as: home.ada, document)
        #expect(answer.status == 200 && answer.text == #"{"status":"success","message":"updated"}"#)
        #expect(try await home.values("description", of: device, as: home.ada, "") == [document])
      }
      #expect(try await home.read("/v2/me/resources/description", as: home.ada).contains(#""value":{"name":"y"}"#))
      #expect(try await home.front.get("/v2/things/\(device.token)/resources/description").text.contains(#"{"name":"y"}"#))
      try await home.front.ask(.put, path, as: home.ada, "7").expectThingError(400, "the description is an object")
      try await home.front.ask(.put, "/v2/me/resources/led/\(device.id)", as: home.ada, "{}")
        .expectThingError(404, "only description is a document that is replaced")
      for other in [home.bob, home.eve] {
        try await home.front.ask(.put, path, as: other, "{}").expectThingError(404, "thing not found")
        try await home.front.ask(.get, path, as: other).expectThingError(404, "thing not found")
      }
    }
  }
}
