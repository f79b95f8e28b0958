import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A user at the door") struct RouterUserTests {
  private static let ada = #"{"email":"Ada@Example.com","password":"a long password","app":"app1"}"#

  @Test(arguments: Door.allCases) func `registers, logs in, and is known by the session`(door: Door) async throws {
    let test = try await TestService()
    try await test.open(door) { front in
      let registered = try await front.post("/v2/register", Self.ada)
      let token = try #require(try registered.json()["token"]?.text)
      #expect(ThingToken(token) != nil, "32 bytes in base64url")
      let tail = #""token":"\#(token)","roles":{"resources":[],"things":[]}}"#
      #expect(registered.status == 201 && registered.text == #"{"status":"created","message":"registered",\#(tail)"#)
      #expect(registered.length == registered.bytes.count && registered.type == "application/json")

      let again = try await front.post("/v2/login", Self.ada.replacing("Ada@Example.com", with: "ADA@example.com"))
      let second = try #require(try again.json()["token"]?.text)
      #expect(again.status == 200 && second != token)
      #expect(again.text.hasPrefix(#"{"status":"success","message":"logged in","token":"\#(second)","roles":{"#))

      for header in [token, second, "Bearer \(token)", "bearer \(second)"] {
        for path in ["/v2", "/v2/"] {
          let answer = try await front.ask(.get, path, as: header)
          #expect(answer.status == 200 && answer.text == #"{"message":"logged in","status":"success"}"#)
        }
      }
      try await front.post("/v2/register", Self.ada).expectThingError(409, "this e-mail is registered already")
    }
  }

  @Test(arguments: Door.allCases) func `without a session is refused at every path for users`(door: Door) async throws {
    let test = try await TestService()
    let token = try await test.user()
    try await test.open(door) { front in
      for endpoint in Endpoints.all where endpoint.access == .users {
        let path = endpoint.template.replacing("{", with: "").replacing("}", with: "")
        for header in ["", "x", String(token.dropLast()), token + "A", "Basic \(token)", "Bearer", String(token.reversed())] {
          let answer = try await front.send(endpoint.httpMethod, path, header.isEmpty ? [:] : [.authorization: header])
          answer.expectThingError(401, "Invalid session token")
        }
      }
      try await front.get("/v2/").expectThingError(401, "Invalid session token")
      // In the query it works only where a browser can set no header.
      try await front.get("/v2?sessionToken=\(token)").expectThingError(401, "Invalid session token")
      #expect(try await front.get("/v2?subscribe=true&sessionToken=\(token)").status == 200)
      #expect(try await front.get("/v2?subscribe=true").status == 401)
      // Neither is an operator's token a session nor a session an operator's token.
      #expect(try await front.operate(.get, "/v2").status == 401)
      try await front.ask(.get, "/api/v1/things", as: "Bearer \(token)").expectProblem(401, "unauthorized")
    }
  }

  @Test func `may give the session in the query of a WebSocket's request`() async throws {
    let test = try await TestService()
    let token = try await test.user()
    try await test.open(.router) { front in
      let answer = try await front.get("/v2?sessionToken=\(token)", [.upgrade: "WebSocket"])
      #expect(answer.status == 200)
      #expect(try await front.get("/v2?sessionToken=x", [.upgrade: "WebSocket"]).status == 401)
    }
  }

  @Test func `is told which member of the body is wrong`() async throws {
    let test = try await TestService()
    try await test.open(.router) { front in
      let wrongEmail = "email: an address such as name@example.com is needed, of at most 254 characters"
      let wrongPassword = "password: 8 to 1024 bytes are needed"
      for (text, message) in [
        ("{}", "email: is needed"), (#"{"email":"a@b"}"#, "password: is needed"),
        (#"{"email":1,"password":"12345678"}"#, "email: has the wrong type"),
        (#"{"email":"a","password":"12345678"}"#, wrongEmail),
        (#"{"email":"a@b\r\nBcc: c@d","password":"12345678"}"#, wrongEmail),
        (#"{"email":"a@b","password":"1234567"}"#, wrongPassword),
        (#"{"email":"a@b","password":"\#(String(repeating: "x", count: 1025))"}"#, wrongPassword),
        (#"{"email":"a@b","password":"12345678","app":{}}"#, "app: a text is needed"),
        (#"{"email":"a@b","password":"12345678","app":"\u0007"}"#, "app: 1 to 64 printable characters are needed"),
        (
          #"{"email":"a@b","password":"12345678","app":"\#(String(repeating: "x", count: 65))"}"#,
          "app: 1 to 64 printable characters are needed"
        ),
      ] { try await front.post("/v2/register", text).expectThingError(400, message) }
      try await front.post("/v2/login", "{}").expectThingError(400, "email: is needed")
    }
  }

  @Test func `has another account in each app, and the default one where none is named`() async throws {
    let test = try await TestService()
    try await test.open(.router) { front in
      for app in [#","app":"app1""#, #","app":"app2""#, #","app":7"#, ""] {
        #expect(try await front.post("/v2/register", #"{"email":"a@b","password":"12345678"\#(app)}"#).status == 201)
      }
      for app in [#","app":"default""#, #","app":null"#, #","app":"""#] {
        #expect(try await front.post("/v2/register", #"{"email":"a@b","password":"12345678"\#(app)}"#).status == 409)
      }
      #expect(try await front.post("/v2/login", #"{"email":"a@b","password":"12345678","app":"7"}"#).status == 200)
      #expect(try await front.post("/v2/login", #"{"email":"a@b","password":"12345678","app":"8"}"#).status == 401)
      let users = try await front.operate(.get, "/api/v1/users?limit=3")
      #expect(try await front.operate(.get, "/api/v1/users?app=7").text.contains(#""sessions":2}"#))
      let next = try #require(try users.json()["next"]?.text)
      let rest = try await front.operate(.get, "/api/v1/users?limit=3&after=\(next)").json()
      guard case .array(let list)? = rest["users"] else { throw CancellationError() }
      #expect(list.map { $0["app"]?.text } == ["app1"] && rest["next"] == .null)
    }
  }

  @Test func `gets the same refusal for a wrong password and for an e-mail that nobody has`() async throws {
    let test = try await TestService()
    _ = try await test.user()
    try await test.open(.router) { front in
      for (email, password) in [
        ("ada@example.com", "a long passworD"), ("bob@example.com", "a long password"), ("nonsense", "a long password"),
        ("ada@example.com", ""), ("ada@example.com", String(repeating: "x", count: 5000)), ("", ""),
      ] {
        let answer = try await front.post("/v2/login", #"{"email":"\#(email)","password":"\#(password)"}"#)
        answer.expectThingError(401, "wrong e-mail or password")
      }
    }
  }

  @Test(arguments: Door.allCases) func `may send a form`(door: Door) async throws {
    let test = try await TestService()
    let form: HTTPFields = [.contentType: "application/x-www-form-urlencoded; charset=UTF-8"]
    try await test.open(door) { front in
      let body = Array("email=a%2Bx%40b.example&password=a+long%20password&app=7".utf8)
      #expect(try await front.send(.post, "/v2/register", form, body: body).status == 201)
      #expect(try await front.send(.post, "/v2/login", form, body: body).status == 200)
      // The same in JSON, with the type of a form, as real clients send it.
      let json = #" {"email":"a+x@b.example","password":"a long password","app":7}"#
      #expect(try await front.send(.post, "/v2/login", form, body: Array(json.utf8)).status == 200)
      #expect(try await front.post("/v2/login", json).status == 200)
      try await front.send(.post, "/v2/login", form, body: Array("email=%zz".utf8))
        .expectThingError(400, "the form is not percent-encoded UTF-8")
      try await front.send(.post, "/v2/login", form, body: []).expectThingError(400, "email: is needed")
      try await front.post("/v2/login", "email=a&password=b").expectThingError(400, "the body is not JSON")
      for type in ["application/msgpack", "application/x-msgpack", "application/vnd.msgpack"] {
        try await front.send(.post, "/v2/login", [.contentType: type], body: [0x81, 0xA1, 0x61, 0x01])
          .expectThingError(415, "MessagePack is not supported: send JSON")
        #expect(try await front.send(.post, "/v2/login", [.contentType: type], body: Array(json.utf8)).status == 200)
      }
    }
  }

  @Test func `may activate a thing with a form`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let code = try await test.service.createCodes(for: "lamp", count: 1, by: "ada")[0].code
    try await test.open(.router) { front in
      let answer = try await front.send(
        .post, "/v2/things", [.contentType: "application/x-www-form-urlencoded"], body: Array("activationCode=\(code)".utf8))
      #expect(answer.status == 201)
    }
  }
}
