import APIContract
import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("An operator in a browser") struct OperatorSessionTests {
  private static let path = BrowserSession.path
  private static let model = Array(#"{"name":"bell","mcus":["a"]}"#.utf8)

  @Test(arguments: Door.allCases) func `logs in, sees and changes what the token may, and logs out`(door: Door) async throws {
    let test = try await TestService()
    try await test.open(door) { front in
      let opened = try await front.logIn()
      #expect(opened.status == 201 && opened.headers[.cacheControl] == "no-store")
      let session = try BrowserSession(opened)
      #expect(session.cookie.utf8.count == 43 && session.csrf.utf8.count == 43 && session.cookie != session.csrf)
      #expect(!opened.text.contains(session.cookie))
      #expect(
        opened.headers[.setCookie]
          == "firmament-session=\(session.cookie); Path=/api/v1; HttpOnly; SameSite=Strict; Max-Age=43200")
      #expect(
        opened.text
          == #"{"csrf":"\#(session.csrf)","expiresAt":"2025-06-16T03:06:40.999Z","operator":"#
          + #"{"createdAt":"2025-06-15T15:06:40.999Z","id":"1","name":"ada","role":"administrator"}}"#)
      let shown = try await front.get(Self.path, session.reading)
      #expect(shown.status == 200 && shown.bytes == opened.bytes && shown.headers[.setCookie] == nil)
      let models = try await front.get("/api/v1/models", session.reading)
      #expect(models.status == 200 && models.headers[.cacheControl] == "no-store")
      let made = try await front.send(.post, "/api/v1/models", session.changing, body: Self.model)
      #expect(made.status == 201 && made.headers[.cacheControl] == "no-store", "\(made.text)")
      #expect(try await front.operate(.get, "/api/v1/models").headers[.cacheControl] == nil)
      let missing = try await front.get("/api/v1/models/none", session.reading)
      #expect(missing.status == 404 && missing.headers[.cacheControl] == "no-store")
      let ended = try await front.send(.delete, Self.path, session.changing)
      #expect(ended.status == 204 && ended.bytes.isEmpty)
      #expect(
        ended.headers[.setCookie] == "firmament-session=; Path=/api/v1; HttpOnly; SameSite=Strict; Max-Age=0")
      for path in [Self.path, "/api/v1/models"] {
        try await front.get(path, session.reading).expectProblem(401, "session-ended")
      }
      try await front.send(.delete, Self.path, session.changing).expectProblem(401, "session-ended")
      let entries = DocumentedJourney.entries(try await front.operate(.get, "/api/v1/audit").json(), "entries")
      #expect(entries.map { $0["action"]?.text } == ["operator.logout", "model.create", "operator.login"])
      #expect(entries.allSatisfy { $0["actor"]?.text == "ada" })
      #expect(entries[0]["before"]?["sessions"]?.text == "1" && entries[0]["after"]?["sessions"]?.text == "0")
      #expect(entries[2]["before"]?["sessions"]?.text == "0" && entries[2]["after"]?["sessions"]?.text == "1")
    }
  }

  @Test func `changes nothing by the cookie alone, whatever the endpoint`() async throws {
    let test = try await TestService()
    try await test.open(.router) { front in
      let (session, other) = (try await front.openSession(), try await front.openSession())
      for endpoint in Endpoints.all
      where [.operators, .operatorSessions].contains(endpoint.access) && ![.get, .head].contains(endpoint.method) {
        let path = endpoint.template.replacing("{", with: "").replacing("}", with: "")
        for shown in [nil, "", "x", other.csrf, session.cookie, session.csrf + "x", String(session.csrf.dropLast())] {
          var headers = session.reading
          headers[.csrfToken] = shown
          try await front.send(endpoint.httpMethod, path, headers).expectProblem(403, "csrf")
        }
      }
      #expect(try await front.get(Self.path, session.reading).status == 200)
      for endpoint in Endpoints.all where endpoint.access == .operators && [.get, .head].contains(endpoint.method) {
        let path = endpoint.template.replacing("{", with: "").replacing("}", with: "")
        let answer = try await front.send(endpoint.httpMethod, path, session.reading)
        #expect(![401, 403].contains(answer.status), "\(endpoint.id)")
      }
    }
  }

  @Test func `is told by the header where there are both, and the cookie opens no other door`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    try await test.open(.router) { front in
      let session = try await front.openSession()
      for header in ["Bearer wrong", "", "Basic x", "Bearer \(session.cookie)"] {
        var headers = session.changing
        headers[.authorization] = header
        try await front.get("/api/v1/models", headers).expectProblem(401, "unauthorized")
        try await front.get(Self.path, headers).expectProblem(401, "unauthorized")
      }
      let (_, viewer) = try await test.admit("bob", .viewer)
      var both = session.changing
      both[.authorization] = viewer[.authorization]
      try await front.send(.post, "/api/v1/models", both, body: Self.model).expectProblem(403, "forbidden")
      var bearer = session.reading
      bearer[.authorization] = "Bearer \(TestService.token)"
      #expect(try await front.send(.post, "/api/v1/models", bearer, body: Self.model).status == 201)
      for path in ["/v2", "/v2/me/settings"] { #expect(try await front.get(path, session.changing).status == 401) }
      #expect(try await front.get("/DEFAULT/controller/v1/dev", session.changing).status == 401)
      #expect(try await front.ask(.get, "/v2", as: session.cookie).status == 401)
      for token in [session.cookie, session.csrf, thing, try await test.user(), "", "x"] {
        try await front.logIn(token).expectProblem(401, "unauthorized")
        guard token != session.cookie else { continue }
        try await front.get("/api/v1/models", [.cookie: "firmament-session=\(token)"])
          .expectProblem(401, token.utf8.count == 43 ? "session-ended" : "unauthorized")
      }
    }
  }

  @Test func `has the role and the models of the token`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.createModel("fan")
    let (_, who) = try await test.admit("bob", .viewer, models: ["fan"])
    try await test.open(.router) { front in
      let session = try await front.openSession(String(who[.authorization]!.dropFirst(7)))
      try await front.get("/api/v1/models/lamp", session.reading).expectProblem(403, "forbidden")
      #expect(try await front.get("/api/v1/models/fan", session.reading).status == 200)
      try await front.send(.post, "/api/v1/models", session.changing, body: Self.model).expectProblem(403, "forbidden")
      #expect(try await front.send(.delete, Self.path, session.changing).status == 204)
    }
  }

  @Test func `ends with its time, and is then removed`() async throws {
    let test = try await TestService({ _ in }, service: { $0.operatorSessionSeconds = 100 })
    try await test.open(.router) { front in
      let session = try await front.openSession()
      test.clock.advance(seconds: 99)
      #expect(try await front.get(Self.path, session.reading).status == 200)
      test.clock.advance(seconds: 1)
      try await front.get(Self.path, session.reading).expectProblem(401, "session-ended")
      #expect(try await test.catalog.operatorSessions().count == 1)
      try await test.service.endExpiredOperatorSessions()
      #expect(try await test.catalog.operatorSessions().isEmpty)
      test.clock.advance(seconds: -1)
      try await front.get(Self.path, session.reading).expectProblem(401, "session-ended")
    }
  }

  @Test func `ends with the token at the latest, and at once when that is revoked`() async throws {
    let test = try await TestService()
    let (_, short) = try await test.admit("bob", .viewer, expiresIn: 60)
    let (id, revoked) = try await test.admit("carol", .administrator)
    try await test.open(.router) { front in
      let opened = try await front.logIn(String(short[.authorization]!.dropFirst(7)))
      #expect(opened.headers[.setCookie]?.contains("; Max-Age=60") == true)
      #expect(try opened.json()["expiresAt"]?.text == "2025-06-15T15:07:40.999Z")
      let session = try BrowserSession(opened)
      let carol = try await front.openSession(String(revoked[.authorization]!.dropFirst(7)))
      let ada = try await front.openSession()
      #expect(try await front.send(.delete, "/api/v1/operators/\(id)", ada.changing).status == 200)
      try await front.get(Self.path, carol.reading).expectProblem(401, "session-ended")
      #expect(try await front.get(Self.path, session.reading).status == 200)
      try await front.logIn(String(revoked[.authorization]!.dropFirst(7))).expectProblem(401, "token-revoked")
      test.clock.advance(seconds: 60)
      #expect(try await front.get(Self.path, session.reading).status == 401)
      try await front.logIn(String(short[.authorization]!.dropFirst(7))).expectProblem(401, "token-expired")
      #expect(try await front.get(Self.path, ada.reading).status == 200)
    }
  }

  @Test func `stays logged in when the service is started again, and logged out too`() async throws {
    let test = try await TestService()
    let (kept, ended) = try await test.open(.router) { front in
      let (kept, ended) = (try await front.openSession(), try await front.openSession())
      #expect(try await front.send(.delete, Self.path, ended.changing).status == 204)
      return (kept, ended)
    }
    let again = try await test.restarted()
    #expect((try? again.identifyOperator(by: .session(kept.cookie)).name) == "ada")
    #expect((try? again.identifyOperator(by: .session(ended.cookie))) == nil)
    let text = try await test.catalog.operatorSessions().keys.map { String(decoding: $0, as: UTF8.self) }.joined()
    #expect(!text.contains(kept.cookie))
  }

  @Test func `has so many sessions and no more, and the oldest ends`() async throws {
    let test = try await TestService({ _ in }, service: { $0.mostOperatorSessions = 2 })
    let (_, bob) = try await test.admit("bob", .viewer)
    try await test.open(.router) { front in
      let other = try await front.openSession(String(bob[.authorization]!.dropFirst(7)))
      var sessions: [BrowserSession] = []
      for _ in 0..<3 { sessions.append(try await front.openSession()) }
      try await front.get(Self.path, sessions[0].reading).expectProblem(401, "session-ended")
      for session in sessions[1...] + [other] { #expect(try await front.get(Self.path, session.reading).status == 200) }
    }
  }

  @Test func `is not let try for long, and locks out nobody at the same address who has a token`() async throws {
    let test = try await TestService(
      { _ in },
      service: {
        $0.operatorLogins = RateLimit(count: 3, seconds: 60)
        $0.logins = RateLimit(count: 1, seconds: 60)
      })
    let (_, bob) = try await test.admit("bob", .viewer)
    try await test.open(.router) { front in
      for _ in 0..<3 { _ = try await front.post("/v2/login", #"{"email":"a@b","password":"12345678"}"#) }
      for number in 0..<3 { try await front.logIn("wrong \(number)").expectProblem(401, "unauthorized") }
      let refused = try await front.logIn("wrong")
      try refused.expectProblem(429, "too-often")
      #expect(refused.headers[.retryAfter] == "20")
      for _ in 0..<3 { #expect(try await front.logIn().status == 201) }
      try await front.logIn().expectProblem(429, "too-often")
      #expect(try await front.logIn(String(bob[.authorization]!.dropFirst(7))).status == 201)
      test.clock.advance(seconds: 20)
      #expect(try await front.logIn().status == 201)
      try await front.logIn("wrong").expectProblem(401, "unauthorized")
    }
  }

  @Test func `opens no session by what a form of another site can send, nor by too much`() async throws {
    let test = try await TestService()
    try await test.open(.router) { front in
      let body = Array(#"{"token":"\#(TestService.token)"}"#.utf8)
      for type in ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonx"] {
        try await front.send(.post, Self.path, [.contentType: type], body: body)
          .expectProblem(415, "unsupported-media-type")
      }
      try await front.send(.post, Self.path, body: body).expectProblem(415, "unsupported-media-type")
      for type in ["Application/JSON", "application/json; charset=utf-8"] {
        #expect(try await front.send(.post, Self.path, [.contentType: type], body: body).status == 201)
      }
      for text in ["", "{", "[]", "null", #"{"token":1}"#, #"{"token":null}"#, "{}"] {
        try await front.send(.post, Self.path, [.contentType: "application/json"], body: Array(text.utf8))
          .expectProblem(400, "malformed")
      }
      try await front.logIn(String(repeating: "x", count: 5000)).expectProblem(413, "body-too-large")
      try await front.operate(.put, Self.path).expectProblem(405, "method-not-allowed")
    }
  }
}
