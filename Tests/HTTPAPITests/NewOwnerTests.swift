import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

/// Which values of a thing its owner sees.
@Suite("An owner") struct NewOwnerTests {
  /// Whether there is anything in it that was written before. A shorter number might be a part of an id.
  private static func tells(_ answer: Answer) -> Bool {
    ["4711", "4712", "4713", "4714", "4715", "4716", "coordinates"].contains { answer.text.contains($0) }
  }

  @Test func `who is the first sees what the thing wrote before the link`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice()
      try await home.write(device, "early", "1")
      #expect(try await home.link(device, as: home.ada).status == 200)
      #expect(try await home.values("early", of: device, as: home.ada) == ["1"])
      #expect(
        try await home.read("/v2/me/resources", as: home.ada) == #"[{"name":"early","things":["\#(device.id)"]}]"#)
    }
  }

  @Test(arguments: Door.allCases) func `who is another sees nothing of what came before the link, in no read`(door: Door)
    async throws
  {
    try await Household.open(door) { home in
      let device = try await home.newDevice(of: home.ada)
      // One that is dated in the future, too: it is the arrival that counts.
      try await home.write(device, "t", "4711", at: "20250101000000")
      try await home.write(device, "t", "4712", at: "20990101000000")
      try await home.write(device, "only.before", "4713")
      try await home.write(device, "$settings", #"{"name":"4714"}"#)
      try await home.write(device, "$geo", "[1,2]")
      try await home.write(device, "description", #"{"name":"4715"}"#)
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      try await home.write(device, "t", "4716")
      #expect(try await home.link(device, as: home.bob).status == 200)

      let reads = [
        "/v2/me/resources", "/v2/me/resources/t", "/v2/me/resources/t?limit=100", "/v2/me/resources/t/\(device.id)",
        "/v2/me/resources/t/\(device.id)?limit=100&startDate=19700101000000&endDate=21000101000000",
        "/v2/me/resources/only.before/\(device.id)", "/v2/me/resources/$settings/\(device.id)",
        "/v2/me/resources/$settings.name/\(device.id)", "/v2/me/resources/$settings", "/v2/me/resources/$settings.name",
        "/v2/me/resources/$geo/\(device.id)", "/v2/me/resources/description", "/v2/me/resources/description/\(device.id)",
      ]
      for path in reads {
        let answer = try await home.front.ask(.get, path, as: home.bob)
        #expect(!Self.tells(answer), "\(path): \(answer.text)")
        #expect(["[]", "{}"].contains(answer.text) || answer.status == 404, "\(path): \(answer.text)")
      }
      try await home.front.ask(.get, "/v2/me/resources/t/\(device.id)", as: home.bob)
        .expectThingError(404, "resource not found")

      try await home.write(device, "t", "1")
      #expect(try await home.values("t", of: device, as: home.bob) == ["1"])
      #expect(try await home.read("/v2/me/resources/t?limit=100", as: home.bob).contains(#""value":1"#))
      #expect(try await home.read("/v2/me/resources", as: home.bob) == #"[{"name":"t","things":["\#(device.id)"]}]"#)
      for path in reads {
        let answer = try await home.front.ask(.get, path, as: home.bob)
        #expect(!Self.tells(answer), "\(path): \(answer.text)")
      }
      // The new owner has linked it by its token: what the thing reads by that is no more than what they see.
      for path in ["resources/t?limit=100", "all_resources?limit=100", "resources/$settings", "resources/description"] {
        let own = try await home.front.get("/v2/things/\(device.token)/\(path)")
        #expect(!Self.tells(own), "\(path): \(own.text)")
      }
      #expect(try await home.front.get("/v2/things/\(device.token)/resources/$settings").status == 404)
      let names = try await home.front.get("/v2/things/\(device.token)/resources").text
      #expect(names == #"{"resources":["t"],"status":"success"}"#)
    }
  }

  @Test func `who is another sees values that arrive later and are dated before the link`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "t", "1")
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      #expect(try await home.link(device, as: home.bob).status == 200)
      try await home.write(device, "t", "2", at: "20200101000000")
      #expect(try await home.values("t", of: device, as: home.bob) == ["2"])
      #expect(try await home.read("/v2/me/resources", as: home.bob) == #"[{"name":"t","things":["\#(device.id)"]}]"#)
      #expect(try await home.read("/v2/me/resources/t", as: home.bob).contains(#""value":2"#))
      #expect(try await home.values("t", of: device, as: home.bob, "?startDate=20200102000000") == [])
    }
  }

  @Test func `who links again sees what they saw, and what came in between`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "t", "1")
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      #expect(try await home.values("t", of: device, as: home.ada) == nil, "access has ended")
      try await home.write(device, "t", "2")
      #expect(try await home.link(device, as: home.ada).status == 200)
      #expect(try await home.values("t", of: device, as: home.ada) == ["2", "1"])
      // Through another owner's hands it is a new thing.
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      #expect(try await home.link(device, as: home.bob).status == 200)
      try await home.write(device, "t", "3")
      #expect(try await home.unlink(device, as: home.bob).status == 200)
      #expect(try await home.link(device, as: home.ada).status == 200)
      #expect(try await home.values("t", of: device, as: home.ada) == nil)
      try await home.write(device, "t", "4")
      #expect(try await home.values("t", of: device, as: home.ada) == ["4"])
    }
  }

  @Test(arguments: [#"{"name":"lamp"}"#, #"{"secret":null,"name":"lamp"}"#])
  func `who is another begins with settings of their own`(settings: String) async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "$settings", #"{"secret":"4711","led":{"hue":1}}"#)
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      // What is written before the link is still the former owner's.
      try await home.write(device, "$settings.led.hue", "2")
      #expect(try await home.link(device, as: home.bob).status == 200)
      try await home.write(device, "$settings", settings)
      #expect(try await home.values("$settings", of: device, as: home.bob) == [#"{"name":"lamp"}"#])
      #expect(try await home.read("/v2/me/resources/$settings", as: home.bob).contains(#""value":{"name":"lamp"}"#))
      #expect(try await home.front.get("/v2/things/\(device.token)/resources/$settings.secret").status == 404)
    }
  }

  @Test func `who links again finds the settings as they were`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "$settings", #"{"a":1}"#)
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      try await home.write(device, "$settings.b", "2")
      #expect(try await home.link(device, as: home.ada).status == 200)
      try await home.write(device, "$settings.c", "3")
      #expect(try await home.values("$settings", of: device, as: home.ada, "") == [#"{"a":1,"b":2,"c":3}"#])
    }
  }

  @Test func `who is another shares no more than they see`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "t", "1")
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      #expect(try await home.link(device, as: home.bob).status == 200)
      try await home.write(device, "t", "2")
      try await home.share(#"{"things":["\#(device.id)"],"email":"ada@example.com"}"#, as: home.bob)
      #expect(try await home.values("t", of: device, as: home.ada) == ["2"], "not even to who owned it before")
    }
  }

  @Test(arguments: ["t", "$settings"]) func `writes nothing any more once an unlink is committed that was under way before`(
    key: String
  ) async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      func write(_ number: Int) async throws -> Answer {
        try await home.front.ask(
          .post, "/v2/me/resources/\(key)/\(device.id)", as: home.ada, #"{"values":[{"value":{"n":\#(number)}}]}"#)
      }
      #expect(try await write(1).status == 201)
      let hold = WriterHold(home.test.catalog)
      await hold.begun()
      async let unlinked = home.unlink(device, as: home.ada)
      try await hold.waiting(1)
      async let written = write(2)
      try await hold.waiting(2)
      hold.end()
      #expect(try await unlinked.status == 200)
      try await written.expectThingError(404, "thing not found")
      let own = try await home.front.get("/v2/things/\(device.token)/resources/\(key)?limit=100").json()
      #expect(own[0]?["value"]?["n"] == .integer(1) && own[1] == nil)
    }
  }
}
