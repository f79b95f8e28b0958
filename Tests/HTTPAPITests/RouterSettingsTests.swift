import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A user's settings at the door") struct RouterSettingsTests {
  private static let path = "/v2/me/settings"
  private static let updated = #"{"status":"success","message":"updated"}"#

  private func logIn(_ front: FrontDoor, _ password: String) async throws -> Answer {
    try await front.post("/v2/login", #"{"email":"ada@example.com","password":"\#(password)"}"#)
  }

  @Test(arguments: Door.allCases) func `are merged member by member, and null deletes`(door: Door) async throws {
    let test = try await TestService()
    let (ada, bob) = (try await test.user(), try await test.user("bob@example.com"))
    try await test.open(door) { front in
      #expect(try await front.ask(.get, Self.path, as: ada).text == "{}")
      for (patch, settings) in [
        (#"{"thing":"x","units":{"t":"C","l":"m"},"list":[1,2.5,"a/b",null,true]}"#, ""),
        (#"{"units":{"t":"K"},"thing":null}"#, #"{"list":[1,2.5,"a/b",null,true],"units":{"l":"m","t":"K"}}"#),
        ("{}", #"{"list":[1,2.5,"a/b",null,true],"units":{"l":"m","t":"K"}}"#),
        (#"{"units":null,"list":{"a":1}}"#, #"{"list":{"a":1}}"#),
      ] {
        let answer = try await front.ask(.put, Self.path, as: ada, patch)
        #expect(answer.status == 200 && answer.text == Self.updated && answer.type == "application/json")
        let read = try await front.ask(.get, Self.path + "/", as: ada)
        #expect(settings.isEmpty || read.text == settings)
        #expect(read.length == read.bytes.count && read.type == "application/json")
      }
      #expect(try await front.ask(.get, Self.path, as: bob).text == "{}", "another's are not touched")
      for (text, message) in [
        ("[]", "the settings: an object is needed"), ("1", "the settings: an object is needed"), ("{", "the body is not JSON"),
        (#"{"password":null}"#, "password: a text is needed"), (#"{"password":12345678}"#, "password: a text is needed"),
      ] { try await front.ask(.put, Self.path, as: ada, text).expectThingError(400, message) }
      let form = try await front.send(
        .put, Self.path, [.authorization: ada, .contentType: "application/x-www-form-urlencoded"],
        body: Array("list[a]=b&name=A+B".utf8))
      #expect(form.status == 200)
      #expect(try await front.ask(.get, Self.path, as: ada).text == #"{"list":{"a":"b"},"name":"A B"}"#)
    }
  }

  @Test func `have a largest size, and a change that goes beyond it changes nothing`() async throws {
    let test = try await TestService({ _ in }, service: { $0.largestSettings = 100 })
    let ada = try await test.user()
    try await test.open(.router) { front in
      // {"a":"…"} has 8 bytes around the text.
      let full = String(repeating: "x", count: 92)
      #expect(try await front.ask(.put, Self.path, as: ada, #"{"a":"\#(full)"}"#).status == 200)
      try await front.ask(.put, Self.path, as: ada, #"{"b":1,"password":"another password"}"#)
        .expectThingError(413, "the settings would have more than 100 bytes")
      #expect(try await front.ask(.get, Self.path, as: ada).text == #"{"a":"\#(full)"}"#)
      #expect(try await self.logIn(front, "another password").status == 401)
      #expect(try await self.logIn(front, "a long password").status == 200)
      #expect(try await front.ask(.put, Self.path, as: ada, #"{"a":null,"b":1}"#).status == 200, "smaller again")
    }
  }

  @Test(arguments: Door.allCases) func `a new password ends the other sessions and keeps this one`(door: Door) async throws {
    let test = try await TestService()
    let (ada, bob) = (try await test.user(), try await test.user("bob@example.com"))
    try await test.open(door) { front in
      let other = try #require(try await self.logIn(front, "a long password").json()["token"]?.text)
      #expect(try await front.ask(.get, "/v2", as: other).status == 200)
      try await front.ask(.put, Self.path, as: ada, #"{"password":"short"}"#)
        .expectThingError(400, "password: 8 to 1024 bytes are needed")
      #expect(try await front.ask(.get, "/v2", as: other).status == 200, "a refused change ends nothing")

      let answer = try await front.ask(.put, Self.path, as: ada, #"{"password":"another password","name":"Ada"}"#)
      #expect(answer.status == 200 && answer.text == Self.updated)
      try await front.ask(.get, "/v2", as: other).expectThingError(401, "Invalid session token")
      #expect(try await front.ask(.get, Self.path, as: ada).text == #"{"name":"Ada"}"#, "the password is no setting")
      #expect(try await front.ask(.get, "/v2", as: bob).status == 200)
      #expect(try await self.logIn(front, "a long password").status == 401)
      #expect(try await self.logIn(front, "another password").status == 200)
    }
  }
  @Test(arguments: Door.allCases) func `a password is changed by whoever knows it, and others' sessions end`(
    door: Door
  ) async throws {
    let test = try await TestService()
    let (ada, bob) = (try await test.user(), try await test.user("bob@example.com"))
    @Sendable func change(_ current: String, _ new: String, _ again: String? = nil) -> String {
      #"{"appId":"x","currentPassword":"\#(current)","password":"\#(new)","confirmationPassword":"\#(again ?? new)"}"#
    }
    try await test.open(door) { front in
      let other = try #require(try await self.logIn(front, "a long password").json()["token"]?.text)
      for (body, status, message) in [
        (change("wrong password", "another password"), 401, "wrong password"),
        (change("a long password", "short"), 400, "password: 8 to 1024 bytes are needed"),
        (change("a long password", "another password", "else"), 400, "confirmationPassword: is not the password"),
        (#"{"password":"another password"}"#, 400, "currentPassword: is needed"),
      ] { try await front.ask(.put, "/v2/me", as: ada, body).expectThingError(status, message) }
      #expect(try await front.ask(.get, "/v2", as: other).status == 200, "a refused change ends nothing")

      let answer = try await front.ask(.put, "/v2/me/", as: ada, change("a long password", "another password"))
      #expect(answer.status == 200 && answer.text == Self.updated)
      #expect(try await front.ask(.get, "/v2", as: ada).status == 200)
      #expect(try await front.ask(.get, "/v2", as: bob).status == 200)
      try await front.ask(.get, "/v2", as: other).expectThingError(401, "Invalid session token")
      #expect(try await self.logIn(front, "a long password").status == 401)
      #expect(try await self.logIn(front, "another password").status == 200)
    }
  }

  @Test func `passwords are not guessed by changing them`() async throws {
    let test = try await TestService({ _ in })
    let ada = try await test.user()
    try await test.open(.router) { front in
      let guess = #"{"currentPassword":"a wrong guess","password":"another password"}"#
      var status = 401
      for _ in 0..<100 where status == 401 { status = try await front.ask(.put, "/v2/me", as: ada, guess).status }
      #expect(status == 429)
    }
  }

  @Test(arguments: [true, false]) func `a password is changed five times in 15 minutes at most`(bySettings: Bool) async throws {
    let test = try await TestService()
    let (ada, bob) = (try await test.user(), try await test.user("bob@example.com"))
    try await test.open(.router) { front in
      @Sendable func change(_ session: String) async throws -> Answer {
        try await bySettings
          ? front.ask(.put, Self.path, as: session, #"{"password":"a long password"}"#)
          : front.ask(
            .put, "/v2/me", as: session, #"{"currentPassword":"a long password","password":"a long password"}"#)
      }
      for _ in 0..<5 { #expect(try await change(ada).status == 200) }
      let refused = try await change(ada)
      refused.expectThingError(429, "too many attempts: try again in 180 s")
      #expect(refused.headers[.retryAfter] == "180")
      #expect(try await front.ask(.put, Self.path, as: ada, #"{"name":"Ada"}"#).status == 200, "other settings are not counted")
      #expect(try await change(bob).status == 200, "each user has their own")
      test.clock.advance(seconds: 180)
      #expect(try await change(ada).status == 200)
      #expect(try await change(ada).status == 429)
    }
  }

  @Test func `the app may stand in the path of a registration`() async throws {
    let test = try await TestService()
    try await test.open(.router) { front in
      let body = #"{"email":"eve@example.com","password":"a long password","appId":"mine","language":"en"}"#
      let registered = try await front.post("/v2/apps/mine/register", body)
      #expect(registered.status == 201)
      #expect(try await front.post("/v2/login", body.replacing("appId", with: "app")).status == 200)
      #expect(try await front.post("/v2/login", body).status == 401, "in no other app")
    }
  }
}
