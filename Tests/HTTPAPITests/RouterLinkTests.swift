import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("Who links a thing") struct RouterLinkTests {
  private static let refusal = "thing not found, or it has not allowed to be linked by its id within the last day"

  private static func linked(_ device: Household.Device) -> String {
    #"{"status":"success","message":"linked","thingId":"\#(device.id)"}"#
  }

  @Test(arguments: Door.allCases) func `by its token owns it, and again is the same`(door: Door) async throws {
    try await Household.open(door) { home in
      let device = try await home.newDevice()
      #expect(try await home.read("/v2/me/things", as: home.ada) == "[]")
      for _ in 0..<2 {
        let answer = try await home.link(device, as: home.ada)
        #expect(answer.status == 200 && answer.text == Self.linked(device))
        #expect(answer.length == answer.bytes.count && answer.type == "application/json")
      }
      #expect(try await home.linkByID(device, as: home.ada).text == Self.linked(device), "it is theirs already")
      #expect(try await home.read("/v2/me/things", as: home.ada) == #"[{"_id":"\#(device.id)","model":"lamp","owned":true}]"#)
      // As old code sends it.
      let form: HTTPFields = [.authorization: home.ada, .contentType: "application/x-www-form-urlencoded"]
      let body = Array("thingToken=\(device.token)".utf8)
      #expect(try await home.front.send(.post, "/v2//me/things/?", form, body: body).text == Self.linked(device))
    }
  }

  @Test func `is told what is wrong with the request`() async throws {
    try await Household.open { home in
      for (body, message) in [
        ("{}", "thingToken: is needed, or else thingId"), (#"{"thingToken":7}"#, "thingToken: has the wrong type"),
        ("", "the body is not JSON"),
      ] { try await home.front.ask(.post, "/v2/me/things", as: home.ada, body).expectThingError(400, message) }
      for token in ["", "x", String(repeating: "x", count: 43)] {
        try await home.front.ask(.post, "/v2/me/things", as: home.ada, #"{"thingToken":"\#(token)"}"#)
          .expectThingError(404, "thing not found")
      }
      let device = try await home.newDevice()
      // A token is no id and an id no token.
      let swapped = Household.Device(id: device.token, token: device.id)
      try await home.link(swapped, as: home.ada).expectThingError(404, "thing not found")
      try await home.linkByID(swapped, as: home.ada).expectThingError(404, Self.refusal)
    }
  }

  @Test(arguments: Door.allCases) func `and is not the first is refused until it is unlinked, and sees nothing`(door: Door)
    async throws
  {
    try await Household.open(door) { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "secret", "4711")
      for _ in 0..<2 {
        try await home.link(device, as: home.bob).expectThingError(409, "the thing is linked by another user")
        #expect(try await home.read("/v2/me/things", as: home.bob) == "[]")
        #expect(try await home.read("/v2/me/resources", as: home.bob) == "[]")
        #expect(try await home.values("secret", of: device, as: home.bob) == nil)
      }
      try await home.unlink(device, as: home.bob).expectThingError(404, "thing not found")
      #expect(try await home.values("secret", of: device, as: home.ada) == ["4711"], "it is still the first one's")
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      #expect(try await home.link(device, as: home.bob).status == 200)
      try await home.link(device, as: home.ada).expectThingError(409, "the thing is linked by another user")
    }
  }

  @Test(arguments: Door.allCases) func `by its id needs that the thing allowed it within a day`(door: Door) async throws {
    try await Household.open(door) { home in
      let device = try await home.newDevice()
      try await home.linkByID(device, as: home.ada).expectThingError(404, Self.refusal)
      let unknown = Household.Device(id: "none", token: "")
      try await home.linkByID(unknown, as: home.ada).expectThingError(404, Self.refusal)

      try await home.write(device, "$link", #"{"allow":true}"#)
      home.test.clock.advance(seconds: 86_400)
      try await home.linkByID(device, as: home.ada).expectThingError(404, Self.refusal)

      try await home.write(device, "$link", #"{"allow":true}"#)
      try await home.write(device, "$link", #"{"allow":false}"#)
      try await home.linkByID(device, as: home.ada).expectThingError(404, Self.refusal)

      try await home.write(device, "$link", #"{"allow":true}"#)
      home.test.clock.advance(seconds: 86_399)
      let answer = try await home.linkByID(device, as: home.ada)
      #expect(answer.status == 200 && answer.text == Self.linked(device))
      // To anybody else it looks as if it had not allowed it.
      try await home.linkByID(device, as: home.bob).expectThingError(404, Self.refusal)
    }
  }

  @Test(arguments: [true, false]) func `uses the permission up`(isByID: Bool) async throws {
    try await Household.open { home in
      let device = try await home.newDevice()
      try await home.write(device, "$link", #"{"allow":true}"#)
      let answer = isByID ? try await home.linkByID(device, as: home.ada) : try await home.link(device, as: home.ada)
      #expect(answer.status == 200)
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      for session in [home.ada, home.bob] {
        try await home.linkByID(device, as: session).expectThingError(404, Self.refusal)
      }
      #expect(try await home.link(device, as: home.ada).status == 200, "the token is still good")
    }
  }

  @Test func `may be allowed to by an operator, who may also forbid it`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice()
      let path = "/api/v1/things/\(device.id)/link"
      let allowed = try await home.front.operate(.put, path, #"{"allow":true}"#)
      #expect(allowed.status == 200)
      #expect(try allowed.json()["allowedUntil"]?.text == TestService.now.adding(seconds: 86_400).iso8601, "\(allowed.text)")
      let forbidden = try await home.front.operate(.put, path, #"{"allow":false}"#)
      #expect(forbidden.text == #"{"id":"\#(device.id)"}"#)
      try await home.linkByID(device, as: home.ada).expectThingError(404, Self.refusal)
      // What the thing allowed, an operator may forbid.
      try await home.write(device, "$link", #"{"allow":true}"#)
      _ = try await home.front.operate(.put, path, #"{"allow":false}"#)
      try await home.linkByID(device, as: home.ada).expectThingError(404, Self.refusal)
      _ = try await home.front.operate(.put, path, #"{"allow":true}"#)
      #expect(try await home.linkByID(device, as: home.ada).status == 200)
      try await home.front.operate(.put, "/api/v1/things/none/link", #"{"allow":true}"#).expectProblem(404, "unknown-thing")
      let audit = try await home.front.operate(.get, "/api/v1/audit?limit=4").text
      #expect(audit.contains("thing.allowLink") && audit.contains("thing.forbidLink"))
    }
  }

  @Test(arguments: ["path", "path/", "queryId", "queryToken", "bodyId", "bodyToken", "form"])
  func `unlinks it, however it is named`(way: String) async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      let (id, token) = (device.id, device.token)
      func unlink() async throws -> Answer {
        let things = "/v2/me/things"
        switch way {
        case "path": return try await home.front.ask(.delete, "\(things)/\(id)", as: home.ada)
        case "path/": return try await home.front.ask(.delete, "\(things)/\(id)/", as: home.ada)
        case "queryId": return try await home.front.ask(.delete, "\(things)?thingId=\(id)", as: home.ada)
        case "queryToken": return try await home.front.ask(.delete, "\(things)/?thingToken=\(token)", as: home.ada)
        case "bodyId": return try await home.front.ask(.delete, things, as: home.ada, #"{"thingId":"\#(id)"}"#)
        case "bodyToken": return try await home.front.ask(.delete, things, as: home.ada, #"{"thingToken":"\#(token)"}"#)
        default:
          let form: HTTPFields = [.authorization: home.ada, .contentType: "application/x-www-form-urlencoded"]
          return try await home.front.send(.delete, things, form, body: Array("thingId=\(id)".utf8))
        }
      }
      let answer = try await unlink()
      #expect(answer.status == 200 && answer.text == #"{"status":"success","message":"unlinked"}"#)
      #expect(try await home.read("/v2/me/things", as: home.ada) == "[]")
      try await unlink().expectThingError(404, "thing not found")
    }
  }

  @Test func `and wants to unlink nothing is told so`() async throws {
    try await Household.open { home in
      _ = try await home.newDevice(of: home.ada)
      try await home.front.ask(.delete, "/v2/me/things", as: home.ada, "{}")
        .expectThingError(400, "thingId: is needed, or else thingToken")
      #expect(try await home.front.ask(.delete, "/v2/me/things", as: home.ada).status == 400)
      #expect(try await home.read("/v2/me/things", as: home.ada) != "[]")
    }
  }

  @Test func `has it taken by an operator`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.share(#"{"things":["\#(device.id)"],"email":"eve@example.com"}"#, as: home.ada)
      for _ in 0..<2 {
        #expect(try await home.front.operate(.delete, "/api/v1/things/\(device.id)/link").status == 200)
        for session in [home.ada, home.eve] { #expect(try await home.read("/v2/me/things", as: session) == "[]") }
      }
      #expect(try await home.link(device, as: home.bob).status == 200)
      try await home.front.operate(.delete, "/api/v1/things/none/link").expectProblem(404, "unknown-thing")
    }
  }
}
