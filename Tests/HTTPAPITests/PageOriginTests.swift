import FirmwareService
import HTTPTypes
import HummingbirdTesting
import Testing

@testable import HTTPAPI

@Suite("A change by cookie, and the page it comes from") struct PageOriginTests {
  /// How the service is reached, and what the browser says.
  struct Visit: Sendable, CustomTestStringConvertible {
    var publicURL: String?
    var host = "ota.example.com"
    var origin: String?
    var site: String?

    var headers: HTTPFields {
      var headers: HTTPFields = [.host: host]
      headers[.origin] = origin
      headers[HTTPField.Name("Sec-Fetch-Site")!] = site
      return headers
    }

    var testDescription: String { "\(publicURL ?? "") \(host) \(origin ?? "") \(site ?? "")" }
  }

  private static let own: [(Visit, isSecure: Bool, path: String)] = [
    (Visit(), false, "/api/v1"),
    (Visit(origin: "http://ota.example.com"), false, "/api/v1"),
    (Visit(host: "OTA.example.com:80", origin: "http://ota.example.com"), false, "/api/v1"),
    (Visit(host: "10.0.0.7:8080", origin: "http://10.0.0.7:8080"), false, "/api/v1"),
    (Visit(host: "[::1]:8080", origin: "http://[::1]:8080"), false, "/api/v1"),
    // A proxy that ends https and says nothing.
    (Visit(origin: "https://ota.example.com"), true, "/api/v1"),
    (Visit(host: "127.0.0.1:8080", origin: "https://elsewhere.example", site: "same-origin"), true, "/api/v1"),
    (Visit(site: "none"), false, "/api/v1"),
    (
      Visit(publicURL: "https://ota.example.com:443/fw", host: "inner:1", origin: "https://ota.example.com"), true, "/fw/api/v1"
    ),
    (Visit(publicURL: "https://ota.example.com/fw"), true, "/fw/api/v1"),
    // Past the proxy, as through a tunnel.
    (Visit(publicURL: "https://ota.example.com/fw", host: "127.0.0.1:8080", origin: "http://127.0.0.1:8080"), false, "/api/v1"),
  ]

  @Test(arguments: own.indices) func `is done from a page of the service`(index: Int) async throws {
    let (visit, isSecure, path) = Self.own[index]
    let test = try await Self.service(visit)
    try await test.application().test(.live) { client in
      let front = HostedDoor(port: client.port)
      let opened = try await front.logIn(visit.headers)
      #expect(opened.status == 201, "\(opened.text)")
      let setting = opened.headers[.setCookie] ?? ""
      #expect(setting.hasSuffix("; Secure") == isSecure && setting.contains("; Path=\(path);"), "\(setting)")
      let session = try BrowserSession(opened)
      var headers = session.changing
      for field in visit.headers { headers[field.name] = field.value }
      let ended = try await front.send(.delete, BrowserSession.path, headers)
      #expect(ended.status == 204, "\(ended.text)")
      let cleared = ended.headers[.setCookie] ?? ""
      #expect(cleared.hasPrefix("firmament-session=;") && cleared.contains("; Path=\(path);"), "\(cleared)")
    }
  }

  @Test(
    arguments: [
      Visit(origin: "http://evil.example"), Visit(origin: "null"), Visit(origin: "http://ota.example.com.evil.example"),
      Visit(origin: "http://ota.example.com:8080"), Visit(origin: "ftp://ota.example.com"), Visit(origin: "ota.example.com"),
      Visit(origin: "http://ota.example.com, http://evil.example"), Visit(origin: "http://sub.ota.example.com"),
      Visit(site: "cross-site"), Visit(site: "same-site"), Visit(site: "Cross-Site"), Visit(site: "x"),
      Visit(origin: "http://ota.example.com", site: "same-site"),
      Visit(publicURL: "https://ota.example.com", host: "inner", origin: "http://ota.example.com"),
    ]) func `is refused from any other, even with everything else`(visit: Visit) async throws
  {
    let test = try await Self.service(visit)
    try await test.application().test(.live) { client in
      let front = HostedDoor(port: client.port)
      try await front.logIn(visit.headers).expectProblem(403, "csrf")
      let session = try BrowserSession(try await front.logIn([.host: visit.host]))
      var headers = session.changing
      for field in visit.headers { headers[field.name] = field.value }
      let body = Array(#"{"name":"bell","mcus":["a"]}"#.utf8)
      try await front.send(.post, "/api/v1/models", headers, body: body).expectProblem(403, "csrf")
      try await front.send(.delete, BrowserSession.path, headers).expectProblem(403, "csrf")
      #expect(try await front.send(.get, BrowserSession.path, headers).status == 200)
      // With the token itself nobody is asked where they come from.
      var bearer = visit.headers
      bearer[.authorization] = "Bearer \(TestService.token)"
      #expect(try await front.send(.post, "/api/v1/models", bearer, body: body).status == 201)
    }
  }

  private static func service(_ visit: Visit) async throws -> TestService {
    try await TestService(
      { if visit.publicURL?.hasSuffix("/fw") == true { $0.publicPath = "/fw" } }, service: { $0.publicURL = visit.publicURL })
  }
}

/// Requests to whatever host they name, over a socket.
private struct HostedDoor: Sendable {
  let port: Int?

  func logIn(_ headers: HTTPFields) async throws -> Answer {
    var headers = headers
    headers[.contentType] = "application/json"
    return try await send(.post, BrowserSession.path, headers, body: Array(#"{"token":"\#(TestService.token)"}"#.utf8))
  }

  func send(
    _ method: HTTPRequest.Method, _ path: String, _ headers: HTTPFields, body: [UInt8] = []
  ) async throws -> Answer {
    let client = try WireClient(port: port)
    let lines = headers.map { "\($0.name): \($0.value)\r\n" }.joined()
    let head = "\(method) \(path) HTTP/1.1\r\n\(lines)Content-Length: \(body.count)\r\nConnection: close\r\n\r\n"
    client.send(Array(head.utf8) + body)
    let answer = try await client.read(through: "\r\n\r\n").split(separator: "\r\n")
    var fields = HTTPFields()
    for line in answer.dropFirst() {
      let parts = line.split(separator: ": ", maxSplits: 1)
      if parts.count == 2, let name = HTTPField.Name(String(parts[0])) { fields[name] = String(parts[1]) }
    }
    let status = answer.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return Answer(status: status, reason: "", headers: fields, bytes: Array(try await client.readToEnd()))
  }
}
