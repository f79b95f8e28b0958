import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("An operator's role") struct RouterRoleTests {
  private static let endpoints = Endpoints.all.filter { $0.access == .operators }

  /// The path with its parameters named after themselves.
  private static func path(_ endpoint: Endpoint) -> String {
    endpoint.template.replacing("{", with: "").replacing("}", with: "")
  }

  @Test(arguments: OperatorRole.allCases)
  func `lets through what the contract says, and nothing else`(role: OperatorRole) async throws {
    let test = try await TestService()
    let (_, who) = try await test.admit("bob", role)
    try await test.open(.router) { front in
      for endpoint in Self.endpoints {
        let answer = try await front.send(endpoint.httpMethod, Self.path(endpoint), who)
        guard role < endpoint.neededRole else {
          #expect(![401, 403].contains(answer.status), "\(endpoint.id): \(answer.text)")
          continue
        }
        try answer.expectProblem(403, "forbidden")
        let detail = "the role \(endpoint.neededRole.rawValue) is needed, and bob is \(role.rawValue)"
        #expect(try answer.json()["detail"]?.text == detail, "\(endpoint.id)")
      }
    }
  }

  @Test func `is the highest where a secret is told or nothing is said, and each includes those before`() {
    let needed = Dictionary(uniqueKeysWithValues: Self.endpoints.map { ($0.id, $0.neededRole) })
    for id in [
      "listCodes", "showThingToken", "listMails", "createOperator", "revokeOperator", "trustKey", "setModel", "gatewayToken",
    ] {
      #expect(needed[id] == .administrator, "\(id)")
    }
    for id in ["publishFirmware", "withdrawFirmware", "retryThing"] { #expect(needed[id] == .releaser, "\(id)") }
    for id in ["storeImage", "registerFirmware"] { #expect(needed[id] == .uploader, "\(id)") }
    #expect(OperatorRole.allCases == OperatorRole.allCases.sorted())
    #expect(OperatorRole.allCases == [.viewer, .uploader, .releaser, .administrator])
    for endpoint in Self.endpoints where endpoint.isChange { #expect(endpoint.neededRole > .viewer, "\(endpoint.id)") }
  }

  @Test func `of an uploader registers, and does not publish on the way`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let image = imageBytes(50)
    let (digest, envelope) = try test.envelope(of: image, version: "1", sequence: 1)
    let (_, uploader) = try await test.admit("ci", .uploader)
    let (_, releaser) = try await test.admit("rita", .releaser)
    try await test.open(.router) { front in
      let stored = try await front.send(.put, "/api/v1/images/\(digest)", uploader, body: image)
      #expect(stored.status == 201)
      let path = "/api/v1/firmwares"
      for publish in ["publish", "publish=true", "publish=1", "x=1&publish=yes"] {
        try await front.send(.post, "\(path)?\(publish)", uploader, body: envelope).expectProblem(403, "forbidden")
      }
      #expect(try await front.send(.get, path, as: uploader).json()["firmwares"] == .array([]))
      let made = try await front.send(.post, "\(path)?publish=false", uploader, body: envelope)
      #expect(made.status == 201)
      #expect(try made.json()["publishedAt"] == nil)
      let id = try made.json()["id"]?.text ?? ""
      try await front.send(.put, "\(path)/\(id)/publication", as: uploader).expectProblem(403, "forbidden")
      #expect(try await front.send(.put, "\(path)/\(id)/publication", as: releaser).status == 200)
      #expect(try await front.send(.post, "\(path)?publish=true", releaser, body: envelope).status == 200)
    }
  }

  @Test func `ends with the time that its token was given`() async throws {
    let test = try await TestService()
    let (_, who) = try await test.admit("bob", .viewer, expiresIn: 60)
    try await test.open(.router) { front in
      let shown = try await front.send(.get, "/api/v1/operator", as: who)
      #expect(
        shown.text
          == #"{"createdAt":"2025-06-15T15:06:40.999Z","expiresAt":"2025-06-15T15:07:40.999Z","id":"2","name":"bob","#
          + #""role":"viewer"}"#)
      test.clock.advance(seconds: 59)
      #expect(try await front.send(.get, "/api/v1/models", as: who).status == 200)
      test.clock.advance(seconds: 1)
      let expired = try await front.send(.get, "/api/v1/models", as: who)
      try expired.expectProblem(401, "token-expired")
      #expect(expired.headers[.wwwAuthenticate] == "Bearer")
      try await front.send(.post, "/api/v1/models", as: who).expectProblem(401, "token-expired")
      #expect(try await front.operate(.get, "/api/v1/models").status == 200)
    }
  }

  @Test(arguments: Door.allCases) func `ends at once when its token is revoked, for good`(door: Door) async throws {
    let test = try await TestService()
    let (id, who) = try await test.admit("bob", .administrator)
    try await test.open(door) { front in
      #expect(try await front.send(.get, "/api/v1/models", as: who).status == 200)
      let revoked = try await front.operate(.delete, "/api/v1/operators/\(id)")
      #expect(revoked.status == 200)
      #expect(try revoked.json()["revokedAt"]?.text == "2025-06-15T15:06:40.999Z")
      try await front.send(.get, "/api/v1/models", as: who).expectProblem(401, "token-revoked")
      #expect(try await front.operate(.delete, "/api/v1/operators/\(id)").bytes == revoked.bytes)
      try await front.send(.post, "/api/v1/operators", as: who, #"{"name":"x","role":"viewer"}"#)
        .expectProblem(401, "token-revoked")
    }
    try await test.service.load()
    #expect(throws: ServiceError.self) { try test.service.identifyOperator(token: who[.authorization]!.dropFirst(7)) }
  }

  @Test func `of the last lasting administrator stays`() async throws {
    let test = try await TestService()
    let (brief, _) = try await test.admit("brief", .administrator, expiresIn: 60)
    try await test.createModel()
    let (scoped, _) = try await test.admit("scoped", .administrator, models: ["lamp"])
    try await test.open(.router) { front in
      try await front.operate(.delete, "/api/v1/operators/1").expectProblem(409, "last-administrator")
      #expect(try await front.operate(.delete, "/api/v1/operators/\(brief)").status == 200)
      #expect(try await front.operate(.delete, "/api/v1/operators/\(scoped)").status == 200)
      try await front.operate(.delete, "/api/v1/operators/1").expectProblem(409, "last-administrator")
      let (id, second) = try await test.admit("bob", .administrator)
      #expect(try await front.send(.delete, "/api/v1/operators/1", as: second).status == 200)
      try await front.operate(.get, "/api/v1/models").expectProblem(401, "token-revoked")
      try await front.send(.delete, "/api/v1/operators/\(id)", as: second).expectProblem(409, "last-administrator")
    }
  }

  @Test func `comes with a token that is told once and stands nowhere`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.open(.router) { front in
      let made = try await front.operate(
        .post, "/api/v1/operators", #"{"name":"ci","role":"uploader","models":["lamp","lamp"],"expiresIn":86400}"#)
      #expect(made.status == 201)
      let answer = try made.json()
      let token = answer["token"]?.text ?? ""
      #expect(token.utf8.count == 43 && token.utf8.allSatisfy { Base64URL.isCharacter($0) })
      #expect(answer["models"] == .array([.string("lamp")]))
      #expect(answer["expiresAt"]?.text == "2025-06-16T15:06:40.999Z")
      for path in ["operators", "audit"] {
        let list = try await front.operate(.get, "/api/v1/\(path)")
        #expect(list.status == 200 && !list.text.contains(token))
      }
      let list = try await front.operate(.get, "/api/v1/operators?limit=1").json()
      #expect(DocumentedJourney.entries(list, "operators").map { $0["name"]?.text } == ["ci"])
      let rest = try await front.operate(.get, "/api/v1/operators?after=\(list["next"]?.text ?? "")").json()
      #expect(DocumentedJourney.entries(rest, "operators").map { $0["name"]?.text } == ["ada"])
      #expect(rest["next"] == .null)
    }
  }

  @Test func `is not given for anything else than what is asked properly`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let long = String(repeating: "m", count: 65)
    let many = (0...100).map { "\"m\($0)\"" }.joined(separator: ",")
    try await test.open(.router) { front in
      for bad in [
        "", "[]", "{}", #"{"name":"x"}"#, #"{"role":"viewer"}"#, #"{"name":"","role":"viewer"}"#,
        #"{"name":" x","role":"viewer"}"#, #"{"name":"a\u0000b","role":"viewer"}"#, #"{"name":"a\u202eb","role":"viewer"}"#,
        #"{"name":"\#(long)","role":"viewer"}"#, #"{"name":1,"role":"viewer"}"#, #"{"name":"x","role":"Viewer"}"#,
        #"{"name":"x","role":"root"}"#, #"{"name":"x","role":null}"#, #"{"name":"x","role":["viewer"]}"#,
        #"{"name":"x","role":"viewer","models":[]}"#, #"{"name":"x","role":"viewer","models":"lamp"}"#,
        #"{"name":"x","role":"viewer","models":[1]}"#, #"{"name":"x","role":"viewer","models":[\#(many)]}"#,
        #"{"name":"x","role":"viewer","expiresIn":0}"#, #"{"name":"x","role":"viewer","expiresIn":-1}"#,
        #"{"name":"x","role":"viewer","expiresIn":315360001}"#, #"{"name":"x","role":"viewer","expiresIn":1.5}"#,
        #"{"name":"x","role":"viewer","expiresIn":99999999999999999999}"#, #"{"name":"x","role":"viewer","expiresIn":"1d"}"#,
      ] {
        try await front.operate(.post, "/api/v1/operators", bad).expectProblem(400, "malformed")
      }
      try await front.operate(.post, "/api/v1/operators", #"{"name":"x","role":"viewer","models":["lamp","no"]}"#)
        .expectProblem(404, "unknown-model")
      try await front.operate(.post, "/api/v1/operators", #"{"name":"ada","role":"viewer"}"#).expectProblem(409, "exists")
      for id in ["0", "01", "+1", "-1", "9", "99999999999999999999", "1%20OR%201=1", "..%2F1", "%00", "ada", "1.0"] {
        try await front.operate(.delete, "/api/v1/operators/\(id)").expectProblem(404, "unknown-operator")
      }
      try await front.operate(.delete, "/api/v1/operators/%ff").expectProblem(400, "malformed")
      for token in ["'", "1' OR '1'='1", "\u{0301}", String(repeating: "x", count: 5000)] {
        try await front.get("/api/v1/models", [.authorization: "Bearer \(token)"]).expectProblem(401, "unauthorized")
      }
      #expect(try await test.service.listOperators(PageRequest(limit: nil, after: nil)).entries.count == 1)
    }
  }
}
