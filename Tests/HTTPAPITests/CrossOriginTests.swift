import APIContract
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A page of another origin") struct CrossOriginTests {
  private static let page: HTTPFields = [.origin: "https://app.example.org"]
  private static let exposed = "Accept-Ranges, Content-Disposition, Content-Range, ETag, Repr-Digest, Retry-After"

  @Test(arguments: Door.allCases) func `asks before it asks, at every path of the thing API`(door: Door) async throws {
    let test = try await TestService()
    try await test.open(door) { front in
      for endpoint in Endpoints.all where endpoint.template.hasPrefix("/v2") {
        let path = endpoint.template.replacing("{", with: "").replacing("}", with: "")
        var headers = Self.page
        headers[.accessControlRequestMethod] = endpoint.method.rawValue.uppercased()
        let answer = try await front.send(.options, path, headers)
        #expect(answer.status == 204 && answer.bytes.isEmpty, "\(path)")
        // RFC 9110 section 8.6: no length where there can be no body.
        if door == .socket { #expect(answer.length == nil) }
        #expect(answer.headers[.accessControlAllowOrigin] == "*")
        let methods = answer.headers[.accessControlAllowMethods]?.split(separator: ", ").map(String.init) ?? []
        #expect(methods.contains(endpoint.method.rawValue.uppercased()) && methods.contains("OPTIONS"))
        #expect(answer.headers[.allow] == answer.headers[.accessControlAllowMethods])
        #expect(answer.headers[.accessControlMaxAge] == "86400")
        for name in ["Authorization", "Content-Type", "Range", "If-None-Match", "If-Match", "If-Range"] {
          #expect(answer.headers[.accessControlAllowHeaders]?.contains(name) == true)
        }
      }
    }
  }

  @Test(arguments: [
    ("authorization, x-app", "authorization, x-app"), ("x-a,x-b", "x-a, x-b"), ("x-a, bad header", nil), ("x(a)", nil),
    (String(repeating: "a", count: 1025), nil), (",", nil),
  ])
  func `may send the headers that it names, as long as they are names`(asked: String, allowed: String?) async throws {
    let test = try await TestService()
    try await test.open(.router) { front in
      var headers = Self.page
      headers[.accessControlRequestMethod] = "POST"
      headers[.accessControlRequestHeaders] = asked
      let answer = try await front.send(.options, "/v2/things", headers)
      let given = try #require(answer.headers[.accessControlAllowHeaders])
      if let allowed { #expect(given == allowed) } else { #expect(given.hasPrefix("Authorization, Content-Type, If-Match")) }
    }
  }

  @Test(arguments: Door.allCases) func `reads answers and errors of the thing API, and of no other`(door: Door) async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1", imageBytes(100))
    let token = try await test.activate()
    try await test.open(door) { front in
      for (path, status) in [("/v2/things/\(token)/firmwares/latest", 200), ("/v2/login", 405), ("/v2/no", 404)] {
        let answer = try await front.get(path, Self.page)
        #expect(answer.status == status)
        #expect(answer.headers[.accessControlAllowOrigin] == "*" && answer.headers[.accessControlAllowMethods] == nil)
        #expect(answer.headers[.accessControlExposeHeaders] == Self.exposed)
      }
      let unknown = try await front.send(.options, "/v2/no/such/path/at/all", Self.page)
      #expect(unknown.status == 404 && unknown.headers[.accessControlAllowOrigin] == "*")
      for path in ["/healthz", "/api/v1/operator", "/nothing"] {
        let answer = try await front.operate(.get, path, nil, Self.page)
        #expect(answer.headers[.accessControlAllowOrigin] == nil && answer.headers[.accessControlExposeHeaders] == nil)
      }
      #expect(try await front.send(.options, "/api/v1/models", Self.page).status == 405)
    }
  }

  @Test(arguments: Door.allCases) func `changes nothing for devices, which send no origin`(door: Door) async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1", imageBytes(100))
    let token = try await test.activate()
    try await test.open(door) { front in
      for path in ["/v2/things/\(token)/firmwares/latest", "/v2/things/\(token)/resources/none", "/v2/things/no"] {
        let plain = try await front.get(path)
        let page = try await front.get(path, Self.page)
        #expect(plain.bytes == page.bytes)
        #expect(!plain.headers.contains { $0.name.rawName.lowercased().hasPrefix("access-control") })
        let more = Set(page.headers.map(\.name)).subtracting(plain.headers.map(\.name))
        #expect(more == [.accessControlAllowOrigin, .accessControlExposeHeaders])
      }
      let options = try await front.send(.options, "/v2/things")
      #expect(options.status == 204 && options.headers[.allow] == "POST, OPTIONS")
      #expect(!options.headers.contains { $0.name.rawName.lowercased().hasPrefix("access-control") })
    }
  }
}
