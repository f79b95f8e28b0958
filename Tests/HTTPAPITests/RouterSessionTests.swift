import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("Sessions and limits at the door") struct RouterSessionTests {
  private static let right = #"{"email":"ada@example.com","password":"a long password"}"#
  private static let wrong = #"{"email":"ada@example.com","password":"another password"}"#

  @Test func `a session ends when its time is over, in memory and after a restart of it`() async throws {
    let test = try await TestService({ _ in }, service: { $0.sessionSeconds = 100 })
    let token = try await test.user()
    try await test.open(.router) { front in
      #expect(try await front.ask(.get, "/v2", as: token).status == 200)
      test.clock.advance(seconds: 99)
      #expect(try await front.ask(.get, "/v2", as: token).status == 200)
      test.clock.advance(seconds: 1)
      try await front.ask(.get, "/v2", as: token).expectThingError(401, "Invalid session token")
      try await test.service.endExpiredSessions()
      test.clock.advance(seconds: -1)
      #expect(try await front.ask(.get, "/v2", as: token).status == 401, "the row is gone too")
    }
  }

  @Test(arguments: Door.allCases) func `an operator ends all sessions of one user at once`(door: Door) async throws {
    let test = try await TestService()
    let (first, other) = (try await test.user(), try await test.user("bob@example.com"))
    let second = try await test.service.logIn(
      email: "ada@example.com", password: "a long password", app: nil, address: ""
    ).token
    try await test.open(door) { front in
      for token in [first, second, other] { #expect(try await front.ask(.get, "/v2", as: token).status == 200) }
      let users = try await front.operate(.get, "/api/v1/users").json()
      guard case .array(let list)? = users["users"] else { throw CancellationError() }
      let ada = try #require(list.first { $0["email"]?.text == "ada@example.com" }?["id"]?.text)
      let ended = try await front.operate(.delete, "/api/v1/users/\(ada)/sessions")
      #expect(ended.status == 200 && ended.text == #"{"ended":2,"id":"\#(ada)"}"#)
      for token in [first, second] {
        try await front.ask(.get, "/v2", as: token).expectThingError(401, "Invalid session token")
      }
      #expect(try await front.ask(.get, "/v2", as: other).status == 200)
      #expect(try await front.operate(.delete, "/api/v1/users/\(ada)/sessions").text == #"{"ended":0,"id":"\#(ada)"}"#)
      #expect(try await front.operate(.get, "/api/v1/audit").text.contains("user.logout"))
      try await front.operate(.delete, "/api/v1/users/nobody/sessions").expectProblem(404, "unknown-user")
      #expect(try await front.post("/v2/login", Self.right).status == 200)
    }
  }

  @Test func `from the first created app on, only created apps are known`() async throws {
    let test = try await TestService()
    @Sendable func body(_ app: String) -> String { #"{"email":"a@b","password":"12345678","app":"\#(app)"}"# }
    try await test.open(.router) { front in
      #expect(try await front.post("/v2/register", body("early")).status == 201)
      let listed = try await front.operate(.get, "/api/v1/apps").text
      #expect(listed == #"{"apps":[{"createdAt":"2025-06-15T15:06:40.999Z","name":"early"}],"next":null}"#)
      #expect(try await front.operate(.post, "/api/v1/apps", #"{"name":"mine"}"#).status == 201)
      #expect(try await front.operate(.post, "/api/v1/apps", #"{"name":"mine"}"#).status == 200)
      for app in ["early", "other", "default"] {
        try await front.post("/v2/register", body(app)).expectThingError(403, "unknown app")
        try await front.post("/v2/login", body(app)).expectThingError(403, "unknown app")
      }
      #expect(try await front.post("/v2/register", body("mine")).status == 201)
      #expect(try await front.operate(.post, "/api/v1/apps", #"{"name":"early"}"#).status == 201, "it was not declared")
      #expect(try await front.post("/v2/login", body("early")).status == 200)
      for name in ["", " x", "\\n", String(repeating: "x", count: 65)] {
        try await front.operate(.post, "/api/v1/apps", #"{"name":"\#(name)"}"#).expectProblem(400, "malformed")
      }
    }
  }

  @Test(arguments: [true, false]) func `whether apps are open can be said`(isOpen: Bool) async throws {
    let test = try await TestService({ _ in }, service: { $0.openApps = isOpen })
    _ = try await test.service.createApp("mine", by: "ada")
    try await test.open(.router) { front in
      let answer = try await front.post("/v2/register", Self.right)
      #expect(answer.status == (isOpen ? 201 : 403))
    }
  }

  @Test(arguments: Door.allCases) func `an account takes ten wrong passwords, whether it exists or not`(door: Door)
    async throws
  {
    let test = try await TestService()
    _ = try await test.user()
    try await test.open(door) { front in
      for body in [Self.wrong, Self.wrong.replacing("ada", with: "nobody")] {
        for _ in 0..<10 { #expect(try await front.post("/v2/login", body).status == 401) }
        let refused = try await front.post("/v2/login", body)
        refused.expectThingError(429, "too many attempts: try again in 90 s")
        #expect(refused.headers[.retryAfter] == "90")
      }
      #expect(try await front.post("/v2/login", Self.right).status == 429, "the right one cannot be found by trying on")
      test.clock.advance(seconds: 89)
      #expect(try await front.post("/v2/login", Self.right).status == 429)
      test.clock.advance(seconds: 1)
      for _ in 0..<5 { #expect(try await front.post("/v2/login", Self.right).status == 200, "a success does not count") }
      #expect(try await front.post("/v2/login", Self.wrong).status == 401)
      #expect(try await front.post("/v2/login", Self.wrong).status == 429)
      let elsewhere = Self.right.dropLast() + #","app":"other"}"#
      #expect(try await front.post("/v2/login", String(elsewhere)).status == 401, "another app's account is another")
    }
  }

  @Test func `an address logs in sixty times a minute and registers a hundred users an hour`() async throws {
    let test = try await TestService { $0.trustedProxies = ["127.0.0.1"] }
    _ = try await test.user()
    try await test.open(.socket) { front in
      let first: HTTPFields = [.xForwardedFor: "203.0.113.1"]
      let second: HTTPFields = [.xForwardedFor: "203.0.113.2"]
      let right = Array(Self.right.utf8)
      for _ in 0..<60 { #expect(try await front.send(.post, "/v2/login", first, body: right).status == 200) }
      let refused = try await front.send(.post, "/v2/login", first, body: right)
      refused.expectThingError(429, "too many attempts: try again in 1 s")
      #expect(refused.headers[.retryAfter] == "1")
      #expect(try await front.send(.post, "/v2/login", second, body: right).status == 200)
      test.clock.advance(seconds: 1)
      #expect(try await front.send(.post, "/v2/login", first, body: right).status == 200)

      @Sendable func register(_ number: Int, _ headers: HTTPFields) async throws -> Int {
        let body = #"{"email":"user\#(number)@example.com","password":"12345678"}"#
        return try await front.send(.post, "/v2/register", headers, body: Array(body.utf8)).status
      }
      for number in 0..<100 { #expect(try await register(number, first) == 201) }
      #expect(try await register(100, first) == 429)
      #expect(try await register(100, second) == 201)
      test.clock.advance(seconds: 36)
      #expect(try await register(101, first) == 201)
    }
  }

  @Test func `what an address sends that may not log in is not looked into`() async throws {
    let one = RateLimit(count: 1, seconds: 60)
    let test = try await TestService({ _ in }, service: { ($0.logins, $0.registrations) = (one, one) })
    try await test.open(.router) { front in
      #expect(try await front.post("/v2/register", Self.right).status == 201)
      #expect(try await front.post("/v2/login", Self.right).status == 200)
      for path in ["/v2/register", "/v2/apps/other/register", "/v2/login"] {
        try await front.post(path, "no JSON").expectThingError(429, "too many attempts: try again in 60 s")
      }
      test.clock.advance(seconds: 60)
      for path in ["/v2/register", "/v2/login"] {
        try await front.post(path, "{").expectThingError(400, "the body is not JSON")
      }
      #expect(try await front.post("/v2/login", Self.right).status == 200, "what cannot be read does not count")
    }
  }

  @Test func `an address that a stranger names is not believed`() async throws {
    let test = try await TestService({ _ in }, service: { $0.logins = RateLimit(count: 1, seconds: 60) })
    _ = try await test.user()
    try await test.open(.socket) { front in
      let right = Array(Self.right.utf8)
      let first = try await front.send(.post, "/v2/login", [.xForwardedFor: "203.0.113.1"], body: right)
      #expect(first.status == 200)
      #expect(try await front.send(.post, "/v2/login", [.xForwardedFor: "203.0.113.2"], body: right).status == 429)
    }
  }
}
