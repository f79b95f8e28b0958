import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("The page that confirms a share") struct ConfirmationTests {
  private static func offer(_ device: Household.Device, to email: String) -> String {
    #"{"things":["\#(device.id)"],"email":"\#(email)"}"#
  }

  @Test(arguments: Door.allCases) func `says to register first where there is no account, and works after that`(door: Door)
    async throws
  {
    try await Household.open(door) { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "t", "1")
      let known = try await home.grant(Self.offer(device, to: "bob@example.com"), as: home.ada)
      let unknown = try await home.grant(Self.offer(device, to: "new@example.com"), as: home.ada)
      #expect(known.status == unknown.status && known.bytes == unknown.bytes)
      #expect(known.headers.map(\.name) == unknown.headers.map(\.name))
      let (to, _, page) = try await home.newestMail()
      #expect(to == "new@example.com")
      #expect(try await home.front.get(page).text.contains("Confirm</button>"))
      for _ in 0..<2 {
        let answer = try await home.front.send(.post, page)
        #expect(answer.status == 409 && answer.text.contains("<h1>Register first</h1>"))
      }
      #expect(!(try await home.read("/v2/me/grant", as: home.ada).contains("confirmedAt")))
      // The account of another app is another user.
      let stranger = try await home.test.user("new@example.com", app: "other")
      #expect(try await home.front.send(.post, page).status == 409)
      let new = try await home.test.user("New@Example.com")
      #expect(try await home.values("t", of: device, as: new) == nil, "to register confirms nothing")
      #expect(try await home.front.send(.post, page).status == 200)
      #expect(try await home.values("t", of: device, as: new) == ["1"])
      #expect(try await home.values("t", of: device, as: stranger) == nil)
      for session in [stranger, home.bob] { #expect(try await home.read("/v2/me/things", as: session) == "[]") }
    }
  }

  @Test func `names the account that will have access, for whoever did not make it`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      let warning = "If you did not make this account, do not confirm"
      #expect(try await home.grant(Self.offer(device, to: "new@example.com"), as: home.ada).status == 200)
      let path = try await home.newestMail().page
      let without = try await home.front.get(path).text
      #expect(without.contains("There is no account <b>new@example.com</b> in the app <b>default</b> yet"), "\(without)")
      #expect(!without.contains(warning))
      // The same address in another app is no account here.
      _ = try await home.test.user("new@example.com", app: "other")
      #expect(try await home.front.get(path).text == without)
      home.test.clock.advance(seconds: 3600)
      _ = try await home.test.user("new@example.com")
      home.test.clock.advance(seconds: 3600)
      let page = try await home.front.get(path).text
      #expect(
        page.contains(
          "the account <b>new@example.com</b> in the app <b>default</b>, which was registered on 2025-06-15T16:06:40.999Z"),
        "\(page)")
      #expect(page.contains(warning))
      #expect(!(try await home.read("/v2/me/grant", as: home.ada).contains("egistered")), "the owner learns nothing of it")
    }
  }

  @Test func `is good for seven days, and a share that was confirmed stays`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      try await home.write(device, "t", "1")
      #expect(try await home.grant(Self.offer(device, to: "bob@example.com"), as: home.ada).status == 200)
      let page = try await home.newestMail().page
      home.test.clock.advance(seconds: 7 * 86_400)
      for method in [HTTPRequest.Method.get, .post] {
        let answer = try await home.front.send(method, page)
        #expect(answer.status == 404 && answer.text.contains("<h1>Nothing to confirm</h1>"))
      }
      #expect(try await home.values("t", of: device, as: home.bob) == nil)

      #expect(try await home.grant(Self.offer(device, to: "bob@example.com"), as: home.ada).status == 200)
      let second = try await home.newestMail().page
      home.test.clock.advance(seconds: 7 * 86_400 - 1)
      #expect(try await home.front.send(.post, second).status == 200)
      home.test.clock.advance(seconds: 8 * 86_400)
      #expect(try await home.values("t", of: device, as: home.bob) == ["1"])
      #expect(try await home.front.send(.post, second).status == 200)
      // An offer of somebody else's does not bring it back, and the first stays gone.
      #expect(try await home.front.send(.post, page).status == 404)
    }
  }

  @Test(arguments: ["none", "x%00", "%22%3E%3Cscript%3E", String(repeating: "A", count: 43)])
  func `knows no other tokens`(token: String) async throws {
    try await Household.open { home in
      for method in [HTTPRequest.Method.get, .post] {
        let answer = try await home.front.send(method, "/v2/confirm/\(token)")
        #expect([400, 404].contains(answer.status) && !answer.text.contains("<script"), "\(answer.text)")
      }
    }
  }

  @Test func `writes names as text and never as HTML`() async throws {
    try await Household.open { home in
      let app = #"<b>"a"&'"#
      // What an address may have of it; an app's name may have all of it.
      let owner = try await home.test.user("o'x&@example.com", app: app)
      let device = try await home.newDevice(of: owner)
      #expect(try await home.grant(Self.offer(device, to: "&lt'{x}@example.com"), as: owner).status == 200)
      let page = try await home.front.get(try await home.newestMail().page)
      #expect(page.status == 200)
      for forbidden in ["<b>\"", "&@", "o'", "lt'"] {
        #expect(!page.text.contains(forbidden), "\(page.text)")
      }
      #expect(page.text.contains("o&#39;x&amp;@example.com"))
      #expect(page.text.contains("&amp;lt&#39;{x}@example.com"))
      #expect(page.text.contains("&lt;b&gt;&quot;a&quot;&amp;&#39;"))
      #expect(page.headers[.contentSecurityPolicy]?.hasPrefix("default-src 'none'") == true)
      #expect(page.headers[.referrerPolicy] == "no-referrer")
    }
  }

  @Test func `says what is shared`() async throws {
    try await Household.open { home in
      let devices = [try await home.newDevice(of: home.ada), try await home.newDevice(of: home.ada)]
      for (body, words) in [
        (#"{"resources":["t","a"],"things":["\#(devices[0].id)"],"email":"bob@example.com"}"#, "share a, t of one thing with"),
        (Self.offer(devices[0], to: "bob@example.com"), "share everything of one thing with"),
        (#"{"resources":["t"],"email":"bob@example.com"}"#, "share t of 2 things with"),
      ] {
        #expect(try await home.grant(body, as: home.ada).status == 200)
        let page = try await home.front.get(try await home.newestMail().page).text
        #expect(page.contains(words) && page.contains("ada@example.com") && page.contains("bob@example.com"), "\(page)")
      }
    }
  }

  @Test func `is not needed for what the app may name: that comes back as roles`() async throws {
    try await Household.open { home in
      let device = try await home.newDevice(of: home.ada)
      let login = #"{"email":"ada@example.com","password":"a long password"}"#
      let granted = try await home.grant(#"{"resources":["t","$geo"],"things":["\#(device.id)"]}"#, as: home.ada)
      #expect(granted.status == 200 && granted.text == #"{"status":"success","message":"granted"}"#)
      #expect(
        try await home.front.post("/v2/login", login).text
          .hasSuffix(#""roles":{"resources":["t","$geo"],"things":["\#(device.id)"]}}"#))
      try await home.grant(#"{"things":["none"]}"#, as: home.ada).expectThingError(404, "thing not found")
      try await home.grant(#"{"things":["\#(device.id)"]}"#, as: home.bob).expectThingError(404, "thing not found")
      #expect(try await home.grant(#"{"resources":[],"things":[]}"#, as: home.ada).status == 200)
      #expect(try await home.front.post("/v2/login", login).text.hasSuffix(#""roles":{"resources":[],"things":[]}}"#))
      #expect(try await home.mailCount() == 0)
    }
  }
}
