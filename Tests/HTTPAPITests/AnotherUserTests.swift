import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

/// Every endpoint there is, asked by somebody whom it is none of the business of. The lists are held against the catalogue of
/// endpoints, so that one that is added has to say here what others get.
@Suite("What is one user's") struct AnotherUserTests {
  /// Ada's things and what she keeps.
  struct Target: Sendable {
    let home: Household
    let device: Household.Device
    /// A session of hers that she ended by a new password.
    let ended: String
    /// The user of the same e-mail in another app.
    let twin: String
    /// Of her device.
    let firmware: String
    let tag: String

    /// All that she, her device, whom she shares with and an operator see of it.
    func state() async throws -> [String] {
      var seen: [String] = []
      for path in [
        "/v2/me/things", "/v2/me/resources", "/v2/me/resources/t?limit=100", "/v2/me/resources/$settings",
        "/v2/me/resources/description", "/v2/me/grant", "/v2/me/settings", "/v2/classes/me/notes",
      ] { seen.append(try await home.read(path, as: home.ada)) }
      for path in ["all_resources?limit=100", "tags", "resources/$geo", "resources/$settings", "firmwares/latest"] {
        seen.append(try await home.front.get("/v2/things/\(device.token)/\(path)").text)
      }
      seen.append(try await home.read("/v2/me/resources/t/\(device.id)", as: home.eve))
      for path in ["things/\(device.id)", "models", "firmwares", "users", "apps"] {
        seen.append(try await home.front.operate(.get, "/api/v1/\(path)").text)
      }
      seen.append("\(try await home.mailCount())")
      return seen
    }

    /// The endpoint's path with what is really there in its braces.
    func path(_ endpoint: Endpoint, token: String? = nil) -> String {
      var path = endpoint.template
      for (name, value) in [
        "token": token ?? device.token, "thing": device.id, "firmware": firmware, "model": "lamp", "key": "t", "tag": tag,
      ] { path = path.replacing("{\(name)}", with: value) }
      return path.replacing("{", with: "").replacing("}", with: "")
    }
  }

  private static func open(_ door: Door, _ body: @escaping @Sendable (Target) async throws -> Void) async throws {
    try await Household.open(door) { home in
      let ended = home.ada
      try await home.test.release("1.0", imageBytes(100))
      let changed = try await home.front.ask(.put, "/v2/me/settings", as: home.ada, #"{"password":"another password"}"#)
      #expect(changed.status == 200)
      let login = #"{"email":"ada@example.com","password":"another password"}"#
      let session = try #require(try await home.front.post("/v2/login", login).json()["token"]?.text)
      let again = try await home.front.ask(.put, "/v2/me/settings", as: session, #"{"password":"a third password"}"#)
      #expect(again.status == 200)
      let ada = Household(test: home.test, front: home.front, ada: session, bob: home.bob, eve: home.eve)
      try await body(try await target(ada, ended: ended))
    }
  }

  private static func target(_ home: Household, ended: String) async throws -> Target {
    let device = try await home.newDevice(of: home.ada)
    for (key, value) in [
      ("t", "4711"), ("$settings", #"{"name":"4712"}"#), ("description", #"{"name":"4713"}"#), ("$geo", "[47.13,47.14]"),
    ] { try await home.write(device, key, value) }
    let tags = try await home.front.post("/v2/things/\(device.token)/tags", #"{"tag":"4715"}"#).json()
    #expect(try await home.front.ask(.put, "/v2/me/settings", as: home.ada, #"{"secret":4716}"#).status == 200)
    let object = #"{"_id":"k","secret":4717}"#
    #expect(try await home.front.ask(.post, "/v2/classes/me/notes", as: home.ada, object).status == 201)
    try await home.share(#"{"resources":["t"],"things":["\#(device.id)"],"email":"eve@example.com"}"#, as: home.ada)
    let waiting = try await home.grant(#"{"things":["\#(device.id)"],"email":"new@example.com"}"#, as: home.ada)
    #expect(waiting.status == 200)
    let latest = try await home.front.get("/v2/things/\(device.token)/firmwares/latest").json()
    return Target(
      home: home, device: device, ended: ended, twin: try await home.test.user("ada@example.com", app: "other"),
      firmware: try #require(latest["firmwares"]?[0]?["_id"]?.text), tag: try #require(tags["tag"]?["_id"]?.text))
  }

  /// What a user with a session of their own gets.
  private struct Row: Sendable {
    let endpoint: Endpoint
    let path: String
    let body: String?
    let status: Int
    /// The answer as a whole; of a refusal, its message.
    let text: String?

    init(_ endpoint: Endpoint, _ path: String, _ body: String?, _ status: Int, _ text: String?) {
      (self.endpoint, self.path, self.body, self.status, self.text) = (endpoint, path, body, status, text)
    }

    init(_ endpoint: Endpoint, _ path: String, _ status: Int, _ text: String?) {
      self.init(endpoint, path, nil, status, text)
    }
  }

  /// Whether there is anything of hers in it. Every value of hers is one of these numbers.
  private static func tells(_ answer: Answer) -> Bool {
    ["4711", "4712", "4713", "47.13", "4715", "4716", "4717"].contains { answer.text.contains($0) }
  }

  private static let success = #"{"status":"success"}"#
  private static func success(_ message: String) -> String { #"{"status":"success","message":"\#(message)"}"# }

  private static func rows(_ target: Target) -> [Row] { things(target) + resources(target) + sharing(target) + own }

  private static func things(_ target: Target) -> [Row] {
    let (id, token, path) = (target.device.id, target.device.token, "/v2/me/things")
    let missing = "thing not found"
    return [
      Row(Endpoints.linkThing, path, #"{"thingToken":"\#(token)"}"#, 409, "the thing is linked by another user"),
      Row(
        Endpoints.linkThing, path, #"{"thingId":"\#(id)"}"#, 404,
        "thing not found, or it has not allowed to be linked by its id within the last day"),
      Row(Endpoints.listMyThings, path, 200, "[]"),
      Row(Endpoints.unlinkThing, "\(path)/\(id)", 404, missing),
      Row(Endpoints.unlinkThing, "\(path)/\(token)", 404, missing),
      Row(Endpoints.unlinkNamedThing, "\(path)?thingId=\(id)", 404, missing),
      Row(Endpoints.unlinkNamedThing, "\(path)?thingToken=\(token)", 404, missing),
      Row(Endpoints.unlinkNamedThing, path, #"{"thingId":"\#(id)"}"#, 404, missing),
      Row(Endpoints.unlinkNamedThing, path, #"{"thingToken":"\#(token)"}"#, 404, missing),
    ]
  }

  private static func resources(_ target: Target) -> [Row] {
    let (id, path) = (target.device.id, "/v2/me/resources")
    let (missing, none, values) = ("thing not found", "resource not found", #"{"values":[{"value":1}]}"#)
    var rows = [
      Row(Endpoints.listMyResources, path, 200, "[]"),
      Row(Endpoints.readMyResource, "\(path)/t", 404, none),
      Row(Endpoints.readMyResource, "\(path)/$settings", 404, none),
      Row(Endpoints.readMyResource, "\(path)/$settings.name", 404, none),
      Row(Endpoints.readMyResource, "\(path)/$geo?limit=100", 404, none),
      Row(Endpoints.readMyResource, "\(path)/*", 404, none),
      Row(Endpoints.readMyResource, "\(path)/description", 200, "{}"),
      Row(Endpoints.readMyResource, "\(path)/t?subscribe=true", 200, success("subscribed")),
      Row(Endpoints.readMyThingsResource, "\(path)/t/\(id)?limit=100", 404, missing),
      Row(Endpoints.describeMyThing, "\(path)/description/\(id)", "{}", 404, missing),
    ]
    for key in ["t", "new", "$settings", "$settings.name", "$geo", "$firmware", "$link", "description"] {
      rows.append(Row(Endpoints.readMyThingsResource, "\(path)/\(key)/\(id)", 404, missing))
      rows.append(Row(Endpoints.writeMyThingsResource, "\(path)/\(key)/\(id)", values, 404, missing))
    }
    return rows
  }

  private static func sharing(_ target: Target) -> [Row] {
    let (id, path) = (target.device.id, "/v2/me/grant")
    return [
      Row(Endpoints.grant, path, #"{"things":["\#(id)"]}"#, 404, "thing not found"),
      Row(Endpoints.grant, path, #"{"things":["\#(id)"],"email":"bob2@example.com"}"#, 404, "thing not found"),
      Row(Endpoints.grant, path, #"{"resources":["t"],"email":"bob2@example.com"}"#, 400, "things: there are none to share"),
      // Nothing of theirs is shared with that e-mail, and Ada's is not meant.
      Row(Endpoints.grant, path, #"{"resources":[],"things":[],"email":"eve@example.com"}"#, 200, success("revoked")),
      Row(Endpoints.grant, path, #"{"resources":["t"]}"#, 200, success("granted")),
      Row(Endpoints.listGrants, path, 200, "[]"),
      Row(Endpoints.revokeGrant, "\(path)?email=eve@example.com", 200, success("revoked")),
      Row(Endpoints.revokeGrant, "\(path)?email=eve@example.com&thingId=\(id)", 404, "thing not found"),
      Row(
        Endpoints.revokeGrant, path, #"{"email":"eve@example.com","things":["\#(id)"]}"#, 404, "thing not found"),
    ]
  }

  /// Of these everybody has their own.
  private static var own: [Row] {
    let (notes, missing) = ("/v2/classes/me/notes", "object not found")
    return [
      Row(Endpoints.showSession, "/v2", 200, nil),
      Row(
        Endpoints.changePassword, "/v2/me", #"{"currentPassword":"not theirs","password":"a long password"}"#, 401,
        "wrong password"),
      Row(Endpoints.readSettings, "/v2/me/settings", 200, "{}"),
      Row(Endpoints.changeSettings, "/v2/me/settings", #"{"secret":null,"mine":1}"#, 200, nil),
      Row(Endpoints.readSettings, "/v2/me/settings", 200, #"{"mine":1}"#),
      Row(Endpoints.listObjects, notes, 200, "[]"),
      Row(Endpoints.listObjects, "\(notes)?subscribe=true", 200, success("subscribed")),
      Row(Endpoints.readObject, "\(notes)/k", 404, missing),
      Row(Endpoints.updateObject, "\(notes)/k", #"{"secret":1}"#, 404, missing),
      Row(Endpoints.updateObjectByOldPath, "/v2/things/notes/k", #"{"secret":1}"#, 404, missing),
      Row(Endpoints.deleteObject, "\(notes)/k", 404, missing),
      Row(Endpoints.deleteCollection, notes, 200, success),
      Row(Endpoints.createObject, notes, #"{"_id":"k"}"#, 201, #"{"status":"created","_id":"k"}"#),
      Row(Endpoints.createObjectByKey, "\(notes)/m", "{}", 201, #"{"status":"created","_id":"m"}"#),
      Row(Endpoints.listObjects, notes, 200, #"[{"_id":"m"},{"_id":"k"}]"#),
      Row(Endpoints.deleteCollection, notes, 200, success),
    ]
  }

  @Test(arguments: Door.allCases, ["bob", "twin"]) func `is not another's, in any request`(door: Door, who: String)
    async throws
  {
    try await Self.open(door) { target in
      let before = try await target.state()
      #expect(before.joined().contains("4711") && before.joined().contains("4717"))
      let session = who == "bob" ? target.home.bob : target.twin
      let rows = Self.rows(target)
      #expect(Set(rows.map(\.endpoint.id)) == Set(Endpoints.all.filter { $0.access == .users }.map(\.id)))
      // A stream over a socket has no end.
      for row in rows where door == .router || !row.path.contains("subscribe") {
        let answer = try await target.home.front.ask(row.endpoint.httpMethod, row.path, as: session, row.body)
        let name: Comment = "\(row.endpoint.id) \(row.path) \(row.body ?? ""): \(answer.status) \(answer.text)"
        #expect(answer.status == row.status, name)
        if row.status >= 400, let text = row.text {
          #expect(answer.text == #"{"status":"error","code":\#(row.status),"message":"\#(text)"}"#, name)
        } else if let text = row.text {
          #expect(answer.text == text, name)
        }
        #expect(!Self.tells(answer), name)
        // Its own settings are all that a request changes, and its own objects.
        #expect(try await target.state() == before, name)
      }
    }
  }

  @Test(arguments: Door.allCases) func `is nobody's without a session, or with one that has ended`(door: Door) async throws {
    try await Self.open(door) { target in
      let before = try await target.state()
      let token = target.device.token
      for row in Self.rows(target) {
        for header in [nil, target.ended, "Bearer \(target.ended)", token, target.device.id, TestService.token] {
          let answer = try await target.home.front.send(
            row.endpoint.httpMethod, row.path, header.map { [.authorization: $0] } ?? [:], body: row.body.map { Array($0.utf8) }
          )
          #expect(answer.status == 401, "\(row.endpoint.id) \(header ?? "") \(answer.text)")
          answer.expectThingError(401, "Invalid session token")
        }
      }
      #expect(try await target.state() == before)
    }
  }

  @Test func `is closed to users where it is the operators'`() async throws {
    try await Self.open(.router) { target in
      let before = try await target.state()
      let endpoints = Endpoints.all.filter { $0.access == .operators }
      #expect(endpoints.count > 30)
      for endpoint in endpoints {
        for token in [target.home.ada, target.home.bob, target.ended, target.device.token, ""] {
          for header in [token, "Bearer \(token)"] {
            let body = Array(#"{"allow":true,"name":"x","count":1,"model":"lamp","mcus":["main"]}"#.utf8)
            let answer = try await target.home.front.send(
              endpoint.httpMethod, target.path(endpoint), token.isEmpty ? [:] : [.authorization: header], body: body)
            #expect(answer.status == 401, "\(endpoint.id): \(answer.text)")
            if endpoint.method != .head { try answer.expectProblem(401, "unauthorized") }
          }
        }
      }
      #expect(try await target.state() == before)
    }
  }

  @Test func `is a thing's only by its own token`() async throws {
    try await Self.open(.router) { target in
      try await target.home.test.createModel("other")
      let other = try await target.home.test.activate("other")
      let before = try await target.state()
      let endpoints = Endpoints.all.filter { $0.access == .things }
      #expect(endpoints.count > 12)
      let body = Array(#"{"values":[{"key":"t","value":1}],"tag":"x"}"#.utf8)
      for endpoint in endpoints where endpoint.parameters.contains("token") {
        for token in [target.home.ada, target.home.bob, target.device.id, String(repeating: "x", count: 43), "none"] {
          let answer = try await target.home.front.send(
            endpoint.httpMethod, target.path(endpoint, token: token), [.authorization: target.home.bob],
            body: endpoint.request == nil ? nil : body)
          // To some updaters, 404 says that there is no update.
          let status = Endpoints.updaters.contains { $0.id == endpoint.id } ? 401 : 404
          #expect(answer.status == status && answer.text.contains("thing"), "\(endpoint.id) \(answer.text)")
        }
        // With another thing's token it is about that thing, which has none of it.
        let answer = try await target.home.front.send(
          endpoint.httpMethod, target.path(endpoint, token: other), body: endpoint.request == nil ? nil : body)
        #expect(answer.status < 500 && !Self.tells(answer), "\(endpoint.id) \(answer.text)")
        if ["downloadFirmware", "downloadManifest", "removeTag"].contains(endpoint.id) {
          #expect([403, 404].contains(answer.status), "\(endpoint.id) \(answer.text)")
        }
      }
      #expect(Set(endpoints.filter { !$0.parameters.contains("token") }.map(\.id)) == ["activateThing", "currentDate"])
      #expect(try await target.state().dropLast(6) == before.dropLast(6))
    }
  }

  @Test func `is not in what is open to everybody`() async throws {
    try await Self.open(.router) { target in
      let before = try await target.state()
      #expect(
        Set(Endpoints.all.filter { $0.access == .anyone }.map(\.id)) == [
          "health", "readiness", "metrics", "openAPI", "register", "registerInApp", "logIn", "showShare", "confirmShare",
          "openOperatorSession",
        ])
      let front = target.home.front
      for path in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        let text = try await front.get(path).text
        for secret in [target.device.id, target.device.token, "ada@example.com"] { #expect(!text.contains(secret), "\(path)") }
      }
      for token in [target.home.ada, target.home.bob, target.device.id, target.device.token, "none"] {
        for method in [HTTPRequest.Method.get, .post] {
          let page = try await front.ask(method, "/v2/confirm/\(token)", as: target.home.bob)
          #expect(page.status == 404 && !page.text.contains("ada@example.com"))
        }
      }
      let credentials = #"{"email":"ada@example.com","password":"a long password"}"#
      try await front.post("/v2/register", credentials).expectThingError(409, "this e-mail is registered already")
      try await front.post("/v2/login", credentials).expectThingError(401, "wrong e-mail or password")
      #expect(try await target.state() == before)
    }
  }
}
