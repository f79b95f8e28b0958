import Domain
import FirmwareService
import Foundation
import HummingbirdTesting
import Testing

@testable import HTTPAPI

/// Polls of the DDI door that the connection answers by itself get, byte for byte, what the router would have given them.
@Suite(.timeLimit(.minutes(10))) struct DirectControllerAnswerTests {
  private static let path = "/DEFAULT/controller/v1/dev-1"
  private static let requests: [(name: String, text: String)] = [
    ("a poll", get()), ("with the thing's token", get(authorization: "TargetToken TOKEN")),
    ("of another tenant", get("/acme/controller/v1/dev-1")), ("in lower case", get("/default/controller/v1/dev-1")),
    ("schemes in other cases", get(authorization: "gatewaytoken GATEWAY")),
    ("for JSON", get(headers: ["Accept: application/json;charset=UTF-8"])),
    ("for anything", get(headers: ["Accept: text/html, */*;q=0.1"])), ("for CBOR", get(headers: ["Accept: application/cbor"])),
    ("with any tag", get(headers: ["If-None-Match: *"])), ("with a tag", get(headers: ["If-None-Match: \"x\""])),
    ("of nobody", get("/DEFAULT/controller/v1/dev-2", authorization: "TargetToken TOKEN")),
    ("without a token", get(authorization: nil)), ("with a wrong token", get(authorization: "GatewayToken x")),
    ("with another scheme", get(authorization: "Bearer GATEWAY")),
    ("with no more than a scheme", get(authorization: "GatewayToken")),
    ("with two", get(headers: ["Authorization: TargetToken x"])),
    ("with blanks", get(authorization: "  GatewayToken   GATEWAY")),
    ("with a query", get(path + "?x=1")), ("with a slash", get(path + "/")),
    ("with two slashes", get("/DEFAULT//controller/v1/dev-1")),
    ("escaped", get("/DEFAULT/controller/v1/dev%2D1")), ("of no tenant", get("//controller/v1/dev-1")),
    ("of a long name", get("/DEFAULT/controller/v1/" + String(repeating: "a", count: 300))),
    ("of an escaped tenant", get("/a%22b/controller/v1/dev-1")), ("of another version", get("/DEFAULT/controller/v2/dev-1")),
    ("by HEAD", get().replacing("GET /", with: "HEAD /")), ("by POST", get().replacing("GET /", with: "POST /")),
    ("by HTTP/1.0", get().replacing("HTTP/1.1", with: "HTTP/1.0")), ("of another origin", get(headers: ["Origin: https://a"])),
    ("by a proxy that nobody trusts", get(headers: ["X-Forwarded-Proto: https", "Forwarded: host=evil;proto=https"])),
    ("with a host that is none", get().replacing("Host: a", with: "Host: a\"b")),
    ("with a port", get().replacing("Host: a", with: "Host: [::1]:8080")),
    ("in a row", get(ending: false) + get(ending: false) + get(authorization: "GatewayToken x", ending: false) + get()),
  ]

  private static func get(
    _ path: String = path, authorization: String? = "GatewayToken GATEWAY", headers: [String] = [], ending: Bool = true
  ) -> String {
    let shown = authorization.map { ["Authorization: \($0)"] } ?? []
    let lines = ["GET \(path) HTTP/1.1", "Host: a"] + shown + headers + (ending ? ["Connection: close"] : []) + ["", ""]
    return lines.joined(separator: "\r\n")
  }

  /// What each of the requests is answered, cut in two behind so many bytes: a list for each of the places.
  private static func answers(
    by path: AnswerPath, _ test: TestService, _ gateway: String, _ token: String, cutAt places: [Int]
  ) async throws -> [[String]] {
    let filled = requests.map { Array($0.text.replacing("GATEWAY", with: gateway).replacing("TOKEN", with: token).utf8) }
    return try await test.application(path).test(.live) { client in
      var answers: [[String]] = []
      for place in places {
        var those: [String] = []
        for bytes in filled { those.append(try await answer(to: bytes, cutAt: place, port: client.port)) }
        answers.append(those)
      }
      return answers
    }
  }

  private static func answers(
    by path: AnswerPath, _ test: TestService, _ gateway: String, _ token: String
  ) async throws -> [String] {
    try await answers(by: path, test, gateway, token, cutAt: [.max])[0]
  }

  private static func answer(to bytes: [UInt8], cutAt place: Int, port: Int?) async throws -> String {
    let connection = try WireClient(port: port)
    let cut = min(place, bytes.count)
    connection.send(Array(bytes[..<cut]))
    if cut < bytes.count { connection.send(Array(bytes[cut...])) }
    let answer = String(decoding: try await connection.readToEnd(), as: UTF8.self)
    let local = ":\(port ?? 0)/"
    // Where the address is in a link, it is in the tag, too; every connection has another one.
    let hidden = answer.contains(local) ? ["Date: ", "ETag: "] : ["Date: "]
    return answer.components(separatedBy: "\r\n").filter { line in !hidden.contains { line.hasPrefix($0) } }
      .joined(separator: "\n").replacing(local, with: ":PORT/")
  }

  @Test(arguments: [false, true]) func bothWaysAnswerTheSame(hasUpdate: Bool) async throws {
    let test = try await TestService()
    try await test.createModel()
    if hasUpdate { try await test.release("1.0.0", [1, 2, 3]) }
    let gateway = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada").token
    _ = try await test.service.pollController(try await test.service.identifyController("dev-1", .gateway(gateway)))
    let token = try await test.service.readToken(of: "dev-1", by: "ada").secret
    _ = try await test.service.identifyController("dev-1", .target(token))
    let routed = try await Self.answers(by: .routerOnly, test, gateway, token)
    let direct = try await Self.answers(by: .both, test, gateway, token)
    for (index, request) in Self.requests.enumerated() {
      #expect(direct[index] == routed[index], "\(request.name)")
      #expect(direct[index].hasPrefix("HTTP/1.1 "), "\(request.name)")
    }
    #expect(direct[0].hasPrefix("HTTP/1.1 200 OK") && direct[0].contains("deploymentBase") == hasUpdate)
    let alone = try await Self.answers(by: .connectionOnly, test, gateway, token)
    let claimed = [
      "a poll", "with the thing's token", "of another tenant", "schemes in other cases", "for JSON", "with any tag",
      "by HTTP/1.0",
      "with a port",
    ]
    for (index, request) in Self.requests.enumerated() where claimed.contains(request.name) {
      #expect(alone[index] == direct[index], "\(request.name)")
    }
    let cuts = Array(stride(from: 1, to: 140, by: 7))
    let pieces = try await Self.answers(by: .both, test, gateway, token, cutAt: cuts)
    for (cut, answers) in zip(cuts, pieces) { #expect(answers == direct, "cut at \(cut)") }
  }
}
