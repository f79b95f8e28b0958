import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A share") struct RouterSharingTests {
  private static let granted = #"{"status":"success","message":"granted"}"#
  private static let revoked = #"{"status":"success","message":"revoked"}"#

  @Test(arguments: Door.allCases) func `begins only when the other user has confirmed by the mail`(door: Door) async throws {
    try await Household.open(door) { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "t", "4711")
      let offered = try await home.grant(
        #"{"resources":["t"],"things":["\#(device.id)"],"email":"Bob@Example.com"}"#, as: home.ada)
      #expect(offered.status == 200 && offered.text == Self.granted)
      let mail = try await home.newestMail()
      #expect(mail.to == "bob@example.com" && mail.text.contains("ada@example.com wants to share a thing with you."))
      #expect(try await home.mailCount() == 1)
      let waiting = try await home.read("/v2/me/grant", as: home.ada)
      #expect(waiting.contains(#""email":"bob@example.com""#) && !waiting.contains("confirmedAt"))

      func expectNothing() async throws {
        #expect(try await home.read("/v2/me/things", as: home.bob) == "[]")
        #expect(try await home.read("/v2/me/resources", as: home.bob) == "[]")
        #expect(try await home.values("t", of: device, as: home.bob) == nil)
      }
      try await expectNothing()
      // Mail programs open links by themselves.
      for _ in 0..<2 {
        let page = try await home.front.get(mail.page)
        #expect(page.status == 200 && page.type == "text/html; charset=utf-8")
        #expect(page.text.contains(#"<form method="post"><button type="submit">Confirm</button></form>"#))
        #expect(page.headers[.cacheControl] == "no-store")
        #expect(!page.text.contains("4711") && !page.text.contains(device.id))
        try await expectNothing()
      }
      for _ in 0..<2 {
        let confirmed = try await home.front.send(.post, mail.page)
        #expect(confirmed.status == 200 && confirmed.text.contains("The share is confirmed."))
        #expect(try await home.values("t", of: device, as: home.bob) == ["4711"])
      }
      #expect(try await home.front.get(mail.page).text.contains("The share is confirmed."))
      #expect(try await home.read("/v2/me/things", as: home.bob) == #"[{"_id":"\#(device.id)","model":"lamp","owned":false}]"#)
      #expect(try await home.read("/v2/me/grant", as: home.ada).contains("confirmedAt"))
      #expect(try await home.read("/v2/me/grant", as: home.bob) == "[]", "what others share is not theirs")
      for path in ["/v2/me/things", "/v2/me/resources"] { #expect(try await home.read(path, as: home.eve) == "[]") }
    }
  }

  @Test func `holds the things and the resources that it names and no others`() async throws {
    try await Household.open { home in
      let devices = [try await home.newDevice(of: home.ada), try await home.newDevice(of: home.ada)]
      for device in devices {
        for key in ["a", "b", "description", "$settings"] { try await home.write(device, key, #"{"x":4711}"#) }
      }
      try await home.share(#"{"resources":["a"],"things":["\#(devices[0].id)"],"email":"bob@example.com"}"#, as: home.ada)
      #expect(try await home.values("a", of: devices[0], as: home.bob) == [#"{"x":4711}"#])
      for (key, device) in [
        ("b", devices[0]), ("a", devices[1]), ("description", devices[0]), ("$settings", devices[0]),
        ("$settings.x", devices[0]),
        ("a.b", devices[0]), ("*", devices[0]), ("A", devices[0]), ("$firmware", devices[0]),
      ] { #expect(try await home.values(key, of: device, as: home.bob) == nil, "\(key)") }
      #expect(try await home.read("/v2/me/resources", as: home.bob) == #"[{"name":"a","things":["\#(devices[0].id)"]}]"#)
      #expect(!(try await home.read("/v2/me/resources/a", as: home.bob).contains(devices[1].id)))
      for key in ["b", "$settings", "$settings.x"] {
        #expect(try await home.front.ask(.get, "/v2/me/resources/\(key)", as: home.bob).status == 404)
      }
      #expect(try await home.read("/v2/me/resources/description", as: home.bob) == "{}")
      // A second share adds to the first, and settings are one.
      try await home.share(
        #"{"resources":["$settings"],"things":["\#(devices[1].id)"],"email":"bob@example.com"}"#, as: home.ada)
      #expect(try await home.values("$settings.x", of: devices[1], as: home.bob) == ["4711"])
      #expect(try await home.read("/v2/me/resources/$settings.x", as: home.bob).contains("4711"))
      #expect(try await home.values("$settings.x", of: devices[0], as: home.bob) == nil)
      #expect(try await home.values("a", of: devices[0], as: home.bob) == [#"{"x":4711}"#])
      // Without lists it is everything that is owned now.
      try await home.share(#"{"resources":["b"],"email":"eve@example.com"}"#, as: home.ada)
      let later = try await home.newDevice(of: home.ada)
      try await home.write(later, "b", "1")
      for device in devices { #expect(try await home.values("b", of: device, as: home.eve) == [#"{"x":4711}"#]) }
      #expect(try await home.values("b", of: later, as: home.eve) == nil)
    }
  }

  @Test func `is for reading: whoever has it writes nothing, shares nothing on and unlinks nothing`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "t", "1")
      try await home.share(#"{"things":["\#(device.id)"],"email":"bob@example.com"}"#, as: home.ada)
      let path = "/v2/me/resources/t/\(device.id)"
      try await home.front.ask(.post, path, as: home.bob, #"{"values":[{"value":2}]}"#)
        .expectThingError(403, "the thing is shared with you for reading")
      try await home.front.ask(.put, "/v2/me/resources/description/\(device.id)", as: home.bob, "{}")
        .expectThingError(403, "the thing is shared with you for reading")
      try await home.front.ask(.post, path, as: home.eve, #"{"values":[{"value":2}]}"#).expectThingError(404, "thing not found")
      let count = try await home.mailCount()
      try await home.grant(#"{"things":["\#(device.id)"],"email":"eve@example.com"}"#, as: home.bob)
        .expectThingError(404, "thing not found")
      try await home.grant(#"{"resources":["t"],"email":"eve@example.com"}"#, as: home.bob)
        .expectThingError(400, "things: there are none to share")
      #expect(try await home.mailCount() == count)
      try await home.link(device, as: home.bob).expectThingError(409, "the thing is linked by another user")
      // Nor does it end the owner's access to drop one's own.
      let dropped = try await home.unlink(device, as: home.bob)
      #expect(dropped.status == 200)
      #expect(try await home.read("/v2/me/things", as: home.bob) == "[]")
      #expect(try await home.values("t", of: device, as: home.bob) == nil)
      #expect(try await home.values("t", of: device, as: home.ada) == ["1"])
      try await home.unlink(device, as: home.bob).expectThingError(404, "thing not found")
    }
  }

  @Test(arguments: ["query", "body", "emptyLists"]) func `is taken back at once, confirmed or not`(way: String) async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "t", "1")
      func revoke() async throws -> Answer {
        let (path, email) = ("/v2/me/grant", "bob@example.com")
        switch way {
        case "query": return try await home.front.ask(.delete, "\(path)?email=\(email)", as: home.ada)
        case "body": return try await home.front.ask(.delete, path, as: home.ada, #"{"email":"\#(email)"}"#)
        default: return try await home.grant(#"{"resources":[],"things":[],"email":"\#(email)"}"#, as: home.ada)
        }
      }
      let offer = #"{"things":["\#(device.id)"],"email":"bob@example.com"}"#
      try await home.share(offer, as: home.ada)
      try await home.share(#"{"things":["\#(device.id)"],"email":"eve@example.com"}"#, as: home.ada)
      for _ in 0..<2 {
        let answer = try await revoke()
        #expect(answer.status == 200 && answer.text == Self.revoked)
        #expect(try await home.values("t", of: device, as: home.bob) == nil)
        #expect(try await home.values("t", of: device, as: home.eve) == ["1"], "another share goes on")
      }
      #expect(try await home.grant(offer, as: home.ada).status == 200)
      let page = try await home.newestMail().page
      #expect(try await revoke().status == 200)
      for method in [HTTPRequest.Method.get, .post] {
        let answer = try await home.front.send(method, page)
        #expect(answer.status == 404 && answer.text.contains("There is no share behind this link"))
      }
      #expect(try await home.values("t", of: device, as: home.bob) == nil)
    }
  }

  @Test func `of several things can be taken back for one`() async throws {
    try await Household.open { home in
      let devices = [try await home.newDevice(of: home.ada), try await home.newDevice(of: home.ada)]
      for device in devices { try await home.write(device, "t", "1") }
      try await home.share(#"{"resources":["t"],"email":"bob@example.com"}"#, as: home.ada)
      let path = "/v2/me/grant?email=bob@example.com&thingId="
      #expect(try await home.front.ask(.delete, path + devices[0].id, as: home.ada).text == Self.revoked)
      #expect(try await home.values("t", of: devices[0], as: home.bob) == nil)
      #expect(try await home.values("t", of: devices[1], as: home.bob) == ["1"])
      try await home.front.ask(.delete, path + devices[1].id, as: home.eve).expectThingError(404, "thing not found")
      try await home.front.ask(.delete, "/v2/me/grant", as: home.ada, "{}").expectThingError(400, "email: is needed")
      #expect(try await home.front.ask(.delete, "/v2/me/grant?email=bob@example.com", as: home.eve).text == Self.revoked)
      #expect(try await home.values("t", of: devices[1], as: home.bob) == ["1"], "nobody else's share is meant")
    }
  }

  @Test func `ends with the link of its owner, and does not come back with it`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "t", "1")
      try await home.share(#"{"things":["\#(device.id)"],"email":"bob@example.com"}"#, as: home.ada)
      #expect(try await home.grant(#"{"things":["\#(device.id)"],"email":"eve@example.com"}"#, as: home.ada).status == 200)
      let waiting = try await home.newestMail().page
      #expect(try await home.unlink(device, as: home.ada).status == 200)
      for _ in 0..<2 {
        #expect(try await home.read("/v2/me/things", as: home.bob) == "[]")
        #expect(try await home.values("t", of: device, as: home.bob) == nil)
        #expect(try await home.front.send(.post, waiting).status == 404)
        #expect(try await home.values("t", of: device, as: home.eve) == nil)
        #expect(try await home.read("/v2/me/grant", as: home.ada) == "[]")
        #expect(try await home.link(device, as: home.ada).status == 200)
      }
    }
  }

  @Test func `is refused with the field that is wrong`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      for (body, message) in [
        ("{}", "resources: is needed, or things, or both"),
        (#"{"email":"bob@example.com"}"#, "resources: is needed, or things, or both"),
        (#"{"things":["\#(device.id)"],"email":"nonsense"}"#, "email: an address such as name@example.com is needed"),
        (#"{"things":["\#(device.id)"],"email":"a@b\r\nBcc: c@d"}"#, "email: an address such as name@example.com is needed"),
        (#"{"things":["\#(device.id)"],"email":"ADA@example.com"}"#, "email: is your own"),
        (#"{"resources":["a b"],"email":"bob@example.com"}"#, "resources: names of resources are needed"),
        (#"{"resources":["*"],"email":"bob@example.com"}"#, "resources: names of resources are needed"),
        (#"{"resources":["$firmware"],"email":"bob@example.com"}"#, "resources: names of resources are needed"),
        // An empty list beside one that is not: nothing can be meant by it, and least of all everything.
        (#"{"resources":["t"],"things":[],"email":"bob@example.com"}"#, "things: is empty; without it, all are shared"),
        (
          #"{"resources":[],"things":["\#(device.id)"],"email":"bob@example.com"}"#,
          "resources: is empty; without it, all are shared"
        ),
        (#"{"resources":[],"email":"bob@example.com"}"#, "resources: is empty; without it, all are shared"),
        (#"{"things":{},"email":"bob@example.com"}"#, "things: has the wrong type"),
      ] { try await home.grant(body, as: home.ada).expectThingError(400, message) }
      for things in [#"["none"]"#, #"["\#(device.id)","none"]"#, #"["\#(device.token)"]"#] {
        try await home.grant(#"{"things":\#(things),"email":"bob@example.com"}"#, as: home.ada)
          .expectThingError(404, "thing not found")
      }
      #expect(try await home.mailCount() == 0)
      #expect(try await home.read("/v2/me/grant", as: home.ada) == "[]")
    }
  }

  @Test func `is offered twenty times an hour at most`() async throws {
    try await Household.open(.router, service: { $0.shares = .init(count: 3, seconds: 3600) }) { home in
      let offer = { (device: Household.Device, name: String) in #"{"things":["\#(device.id)"],"email":"\#(name)@example.com"}"#
      }
      let device = try await home.newDevice(of: home.ada)
      for number in 0..<3 { #expect(try await home.grant(offer(device, "u\(number)"), as: home.ada).status == 200) }
      let refused = try await home.grant(offer(device, "bob"), as: home.ada)
      #expect(refused.status == 429 && Int(refused.headers[.retryAfter] ?? "") ?? 0 > 0, "\(refused.text)")
      #expect(try await home.mailCount() == 3)
      let another = try await home.newDevice(of: home.bob)
      #expect(try await home.grant(offer(another, "eve"), as: home.bob).status == 200, "each user has their own")
      home.test.clock.advance(seconds: 3600)
      #expect(try await home.grant(offer(device, "bob"), as: home.ada).status == 200)
    }
    #expect(ServiceSettings().shares.count == 20 && ServiceSettings().shares.seconds == 3600)
  }

  @Test(arguments: ["eve@example.com", "nobody@example.com"])
  func `reaches a mailbox ten times a day at most, whoever offers and whether it is registered`(email: String) async throws {
    try await Household.open { home in
      let devices = [
        home.ada: try await home.newDevice(of: home.ada), home.bob: try await home.newDevice(of: home.bob),
      ]
      @Sendable func offer(_ session: String, _ email: String) async throws -> Answer {
        try await home.grant(#"{"things":["\#(devices[session]?.id ?? "")"],"email":"\#(email)"}"#, as: session)
      }
      for number in 0..<10 { #expect(try await offer(number < 5 ? home.ada : home.bob, email).status == 200) }
      for session in [home.ada, home.bob] {
        let refused = try await offer(session, email.replacing("e@", with: "E@"))
        refused.expectThingError(429, "too many attempts: try again in 8640 s")
        #expect(refused.headers[.retryAfter] == "8640")
      }
      #expect(try await home.mailCount() == 10)
      #expect(try await offer(home.ada, "else@example.com").status == 200, "each mailbox has its own")
      home.test.clock.advance(seconds: 8640)
      #expect(try await offer(home.ada, email).status == 200)
      #expect(try await offer(home.ada, email).status == 429)
    }
  }
}
