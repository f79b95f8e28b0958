import Domain
import HTTPTypes
import Testing

@testable import HTTPAPI

/// The resources of a thing that are one document: `$settings`, which is merged, and `description`, which is replaced.
@Suite("A thing's document", .timeLimit(.minutes(10))) struct ThingDocumentTests {
  private func post(_ device: Household.Device, _ records: [String], _ home: Household) async throws -> Answer {
    try await home.front.post("/v2/things/\(device.token)", #"{"values":[\#(records.joined(separator: ","))]}"#)
  }

  private func newest(_ key: String, of device: Household.Device, _ home: Household) async throws -> String? {
    try await home.front.get("/v2/things/\(device.token)/resources/\(key)").json()[0]?["value"]?.json
  }

  @Test(arguments: Door.allCases) func `is stored once a write, however many of its members are written`(door: Door)
    async throws
  {
    try await Household.open(door) { home in
      let device = try await home.newDevice(of: home.ada)
      let many = (0..<900).map { #"{"key":"$settings.k\#($0)","value":\#($0)}"# }
      #expect(try await post(device, many, home).status == 201)
      // In their order: what comes later finds what came before.
      let few = [#"{"a":{"x":1}}"#, #"{"a":5}"#, #"{"a":{"y":2}}"#, #"{"k7":null}"#].map {
        #"{"key":"$settings","value":\#($0)}"#
      }
      #expect(try await post(device, few + [#"{"key":"$settings.a.z","value":3}"#], home).status == 201)
      let all = try await home.front.get("/v2/things/\(device.token)/resources/$settings?limit=100").json()
      #expect(all[0]?["value"]?["a"]?.json == #"{"y":2,"z":3}"#)
      #expect(all[0]?["value"]?["k899"] == .integer(899) && all[0]?["value"]?["k7"] == nil)
      #expect(all[1]?["value"]?["k7"] == .integer(7) && all[1]?["value"]?["a"] == nil && all[2] == nil)
    }
  }

  @Test(arguments: Door.allCases) func `has at most 16 KiB, and what would make it larger is refused as a whole`(door: Door)
    async throws
  {
    try await Household.open(door) { home in
      let device = try await home.newDevice(of: home.ada)
      #expect(try await post(device, [#"{"key":"$settings","value":{"a":1}}"#], home).status == 201)
      // {"a":1,"b":"…"}
      let fits = String(repeating: "x", count: 16 * 1024 - 14)
      for (text, isTaken) in [(fits + "x", false), (fits, true)] {
        let answer = try await post(
          device, [#"{"key":"t","value":1}"#, #"{"key":"$settings.b","value":"\#(text)"}"#], home)
        if isTaken {
          #expect(answer.status == 201)
        } else {
          answer.expectThingError(413, "$settings would have more than 16384 bytes")
          #expect(try await home.front.get("/v2/things/\(device.token)/resources/t").status == 404)
          #expect(try await newest("$settings", of: device, home) == #"{"a":1}"#)
        }
      }
      // Small writes, which are answered on the connection, and those of an app are measured like any other.
      try await post(device, [#"{"key":"$settings.c","value":2}"#], home)
        .expectThingError(413, "$settings would have more than 16384 bytes")
      let path = "/v2/me/resources/$settings/\(device.id)"
      try await home.front.ask(.post, path, as: home.ada, #"{"values":[{"value":{"c":2}}]}"#)
        .expectThingError(413, "$settings would have more than 16384 bytes")
      #expect(try await post(device, [#"{"key":"$settings.b","value":null}"#], home).status == 201)
      #expect(try await newest("$settings", of: device, home) == #"{"a":1}"#)
    }
  }

  @Test func `takes nothing else with it that waits for the same commit when it is refused`() async throws {
    try await Household.open { home in
      let (large, small) = (try await home.newDevice(), try await home.newDevice())
      let hold = WriterHold(home.test.catalog)
      await hold.begun()
      let text = String(repeating: "x", count: 20_000)
      async let before = post(small, [#"{"key":"a","value":1}"#], home)
      try await hold.waiting(1)
      async let refused = post(large, [#"{"key":"a","value":1}"#, #"{"key":"$settings.b","value":"\#(text)"}"#], home)
      try await hold.waiting(2)
      async let after = post(large, [#"{"key":"b","value":2}"#, #"{"key":"$settings.b","value":1}"#], home)
      try await hold.waiting(3)
      hold.end()
      #expect(try await [before.status, refused.status, after.status] == [201, 413, 201])
      #expect(try await newest("a", of: small, home) == "1")
      #expect(try await newest("a", of: large, home) == nil)
      #expect(try await newest("b", of: large, home) == "2")
      #expect(try await newest("$settings", of: large, home) == #"{"b":1}"#)
    }
  }

  @Test(arguments: ["20990101000000", "20010101000000"])
  func `is read as it was written last, whatever time came with a write`(datetime: String) async throws {
    try await Household.open { home in
      let device = try await home.newDevice()
      func write(_ key: String, _ value: String, at datetime: String? = nil) async throws {
        home.test.clock.advance(seconds: 1)
        try await home.write(device, key, value, at: datetime)
      }
      try await write("$settings", #"{"a":1,"b":1}"#)
      try await write("$settings.a", "2", at: datetime)
      #expect(try await newest("$settings", of: device, home) == #"{"a":2,"b":1}"#)
      try await write("$settings.a", "3")
      #expect(try await newest("$settings", of: device, home) == #"{"a":3,"b":1}"#)
      #expect(try await newest("$settings.a", of: device, home) == "3")

      try await write("description", #"{"n":1}"#)
      try await write("description", #"{"n":2}"#, at: datetime)
      #expect(try await newest("description", of: device, home) == #"{"n":2}"#)
      let answer = try await home.front.send(
        .put, "/v2/things/\(device.token)/resources/description", body: Array(#"{"n":3}"#.utf8))
      #expect(answer.status == 200)
      #expect(try await newest("description", of: device, home) == #"{"n":3}"#)
    }
  }
}
