import Domain
import Foundation
import TestSupport
import Testing

/// Thousands of requests that are nearly right, the same ones in every run, against the real program.
@Suite(.serialized) struct FuzzRequestTests {
  private static let requests = 5000
  private static let clients = 4

  @Test func noRequestStopsTheServerOrMakesItForget() async throws {
    let timeouts = ["FIRMAMENT_HEAD_TIMEOUT": "5", "FIRMAMENT_BODY_TIMEOUT": "5", "FIRMAMENT_IDLE_TIMEOUT": "30"]
    try await withServer(["--largest-image", "100000"], environment: timeouts) { server in
      let fuzzed = try await EngineersDesk(server, model: "m", mcus: ["u", "v"])
      let kept = try await EngineersDesk(server, model: "kept", mcus: ["u"])
      let image = imageBytes(50_000, seed: 51)
      let id = try await fuzzed.release(image, mcu: "u", version: "1.0.0", sequence: 1)
      let safe = imageBytes(60_000, seed: 52)
      let safeID = try await kept.release(safe, mcu: "u", version: "1.0.0", sequence: 1)
      let token = try await fuzzed.activateThings(1)[0]
      let safeToken = try await kept.activateThings(1)[0]
      let things = try await server.operate("GET", "/api/v1/things?model=m")
      let thing = try #require(things.json?["things"]?.elements?.first?["id"]?.text)
      let corpus = RequestCorpus(operatorToken: server.token, token: token, thing: thing, firmware: id, image: image)

      let seen = try await withThrowingTaskGroup(of: [Int: Int].self) { group in
        for client in 0..<Self.clients {
          group.addTask {
            var generator = SeededGenerator(seed: 1000 + UInt64(client))
            var statuses: [Int: Int] = [:]
            for _ in 0..<Self.requests / Self.clients {
              let request = corpus.mutated(&generator)
              let connection = try RawConnection(server.url)
              async let sent = connection.sendAll(request)
              // Whatever was asked, the server answers or closes; `readToEnd` throws when it does neither.
              let answered = await Result.catching { try await connection.readToEnd() }
              connection.endBoth()
              _ = await sent
              if let status = try Self.status(in: try answered.get(), request) { statuses[status, default: 0] += 1 }
            }
            return statuses
          }
        }
        return try await group.reduce(into: [Int: Int]()) { $0.merge($1, uniquingKeysWith: +) }
      }
      // The requests were neither all refused nor all fine: they reached the code behind the first check.
      for status in [200, 201, 400, 401, 404, 405] { #expect(seen[status, default: 0] > 0, "\(seen)") }
      #expect(!server.log.contains("a request failed"), "\(server.log.suffix(2000))")
      #expect(try await kept.poll(safeToken).json?["firmwares"]?.elements?.first?["_id"]?.text == safeID)
      let download = try await server.exchange("GET", "/v2/things/\(safeToken)/firmwares/download/\(safeID)")
      #expect(download.body == safe)
    }
  }

  /// The status of an answer; nil where the connection was closed without one.
  private static func status(in bytes: [UInt8], _ request: [UInt8]) throws -> Int? {
    guard !bytes.isEmpty else { return nil }
    let comment = Comment(rawValue: String(decoding: request.prefix(600), as: UTF8.self))
    guard let end = bytes.place(of: RawAnswer.endOfHead) else {
      Issue.record("an answer without an end of its head: \(comment)")
      return nil
    }
    let answer = try RawAnswer(head: bytes[..<end.lowerBound])
    #expect(answer.status < 500, comment)
    return answer.status
  }
}

extension RawConnection {
  /// Sends everything and ends our direction.
  func sendAll(_ bytes: [UInt8]) async {
    await send(bytes)
    closeSending()
  }
}

/// Good requests of every kind, and ways to spoil them.
struct RequestCorpus: Sendable {
  private let requests: [[UInt8]]
  /// Pieces that something may trip over, put anywhere.
  private static let pieces = [
    "\r\n", "\n", "\u{0}", "%00", "%", "//", "/../", "?", "&", "=", ":", " ", "\t", "{", "}", "[[[[[[[[", "\"", "\\u0000",
    "-1", "0", "9223372036854775807", "9223372036854775808", "1e999", "null", "true", "\u{fc}", "\u{1F600}", "bytes=",
    "bytes 0-0/1",
    "HTTP/1.0", "HTTP/1.1", "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\n", "Expect: 100-continue\r\n",
    "Upgrade: h2c\r\n", "Connection: close\r\n", "sha256:", "*", ",", ";q=0", "W/\"", "'", "$firmware",
  ]

  init(operatorToken: String, token: String, thing: String, firmware: String, image: [UInt8]) {
    func request(_ method: String, _ path: String, _ headers: [String] = [], _ body: String? = nil) -> [UInt8] {
      var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      for header in headers { text += header + "\r\n" }
      if let body { text += "Content-Length: \(body.utf8.count)\r\n" }
      return Array((text + "\r\n" + (body ?? "")).utf8)
    }
    let bearer = ["Authorization: Bearer \(operatorToken)"]
    let base = "/v2/things/\(token)"
    let small = Array(image.prefix(200))
    requests = [
      request("GET", "/healthz"), request("GET", "/readyz"), request("GET", "/metrics"), request("GET", "/openapi.json"),
      request("POST", "/v2/things", [], "{\"activationCode\":\"ABCD-EFGH\"}"),
      request("POST", "/v2/things?", ["Transfer-Encoding: chunked"]) + Array("2\r\n{}\r\n0\r\n\r\n".utf8),
      request("GET", "\(base)/firmwares/latest?mcu=u&version=0.9&boot=1", ["If-None-Match: \"x\", W/\"y\""]),
      request("HEAD", "\(base)/firmwares/latest"),
      request("GET", "\(base)/firmwares/download/\(firmware)", ["Range: bytes=0-99,200-299,-5", "If-Range: \"x\""]),
      request("GET", "\(base)/firmwares/download/\(firmware)", ["Range: bytes=49990-", "Accept: */*"]),
      request("HEAD", "\(base)/firmwares/download/\(firmware)", ["If-Modified-Since: Sat, 21 Nov 2026 03:14:52 GMT"]),
      request("GET", "\(base)/firmwares/manifest/\(firmware)"),
      request(
        "POST", base, [],
        "{\"values\":[{\"key\":\"$firmware\",\"value\":{\"mcu\":\"u\",\"version\":\"1.0.0\",\"status\":\"installed\"}}]}"),
      request("GET", "\(base)/resources/$firmware?limit=5"),
      request("GET", "/api/v1/models?limit=2&after=a", bearer),
      request("POST", "/api/v1/models", bearer, "{\"name\":\"n\",\"mcus\":[\"u\"],\"confirmWithin\":60}"),
      request("POST", "/api/v1/codes", bearer, "{\"model\":\"m\",\"count\":2}"),
      request("GET", "/api/v1/codes?unused=true&model=m", bearer + ["Accept: text/csv"]),
      request("GET", "/api/v1/things/\(thing)", bearer), request("GET", "/api/v1/things?model=m", bearer),
      request("POST", "/api/v1/things/\(thing)/token", bearer, "{\"overlap\":86400}"),
      request("POST", "/api/v1/things/\(thing)/retry?mcu=u", bearer, ""),
      request(
        "POST", "/api/v1/things/import", bearer,
        "{\"things\":[{\"token\":\"\(String(repeating: "t", count: 43))\",\"model\":\"m\",\"id\":\"x:1\"}]}"),
      request("GET", "/api/v1/firmwares?model=m&mcu=u&limit=1", bearer),
      request("PUT", "/api/v1/firmwares/\(firmware)/publication", bearer),
      request("POST", "/api/v1/firmwares", bearer, "{\"payload\":\"e30=\",\"payloadType\":\"x\",\"signatures\":[]}"),
      request("GET", "/api/v1/audit?limit=3", bearer), request("GET", "/api/v1/status?model=m", bearer),
      request("HEAD", "/api/v1/images/sha256:\(image.sha256)", bearer),
      request("PUT", "/api/v1/images/sha256:\(small.sha256)", bearer + ["Content-Length: 200"]) + small,
      request(
        "PUT", "/api/v1/images/sha256:\(small.sha256)", bearer + ["Content-Length: 100", "Content-Range: bytes 100-199/200"])
        + small.suffix(100),
    ]
  }

  /// A request of the corpus, spoilt in none to four places.
  func mutated(_ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = requests[Int.random(in: 0..<requests.count, using: &generator)]
    for _ in 0..<Int.random(in: 0...4, using: &generator) { spoil(&bytes, &generator) }
    return bytes
  }

  private func spoil(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    guard bytes.count > 4 else { return }
    let place = Int.random(in: 0..<bytes.count, using: &generator)
    let length = Int.random(in: 1...min(20, bytes.count - place), using: &generator)
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
    case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
    case 2: bytes.removeSubrange(place..<place + length)
    case 3: bytes.insert(contentsOf: bytes[place..<place + length], at: place)
    case 4: bytes.removeSubrange(place...)
    case 5:
      let other = requests[Int.random(in: 0..<requests.count, using: &generator)]
      bytes.replaceSubrange(place..., with: other.suffix(Int.random(in: 0..<other.count, using: &generator)))
    case 6:
      // A line of the head twice, or in another place.
      let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
      let line = lines[Int.random(in: 0..<lines.count, using: &generator)]
      bytes.insert(contentsOf: line + [10], at: place)
    default:
      let piece = Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &generator)]
      bytes.insert(contentsOf: Array(piece.utf8), at: place)
    }
  }
}
