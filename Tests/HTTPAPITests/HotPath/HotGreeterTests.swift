import Domain
import Doorstep
import FirmwareService
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import HTTPAPI

/// What is answered before a connection has a channel.
@Suite struct HotGreeterTests {
  /// What is sent, and how many bytes of the requests are answered by it.
  private static func greet(
    _ greeter: HotGreeter, _ requests: String, ends: Bool = false
  ) -> (sent: String, count: Int, isLast: Bool) {
    greet(greeter, [requests], ends: ends)[0]
  }

  /// The same for several connections at a time.
  private static func greet(
    _ greeter: HotGreeter, _ connections: [String], ends: Bool = false
  ) -> [(sent: String, count: Int, isLast: Bool)] {
    let bytes = connections.map { Array($0.utf8) }
    let copies = bytes.map { bytes in
      let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
      copy.copyBytes(from: bytes)
      return UnsafeRawBufferPointer(copy)
    }
    defer { for copy in copies { copy.deallocate() } }
    var answers: [(sent: String, count: Int, isLast: Bool)] = []
    greeter.greet(copies.map { Arrival($0, ends: ends) }) { place, greeting, sent in
      #expect(place == answers.count)
      answers.append((String(decoding: sent, as: UTF8.self), greeting.count, greeting.isLast))
    }
    return answers
  }

  private static func request(_ path: String, _ lines: String...) -> String {
    (["GET \(path) HTTP/1.1", "Host: a"] + lines + ["", ""]).joined(separator: "\r\n")
  }

  private static func begin(_ test: TestService) -> HotGreeter {
    HotGreeter(HotAnswers(DirectAnswers(service: test.service, settings: test.settings)))
  }

  @Test func `polls that memory knows the answers to are answered, one behind the other, up to the first of another kind`()
    async throws
  {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    let greeter = Self.begin(test)
    let path = "/v2/things/\(token)/firmwares/latest"
    let poll = Self.request(path)
    // It has to be read from the catalog.
    #expect(Self.greet(greeter, poll) == ("", 0, false))
    _ = try await test.service.recollectThing(try #require(ThingToken(token)))
    let answer = Self.greet(greeter, poll)
    #expect(answer.sent.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.sent.hasSuffix("}") && !answer.sent.contains("close"))
    #expect(answer.count == poll.utf8.count && !answer.isLast)
    let tag = try #require(answer.sent.split(separator: "\r\n").first { $0.hasPrefix("ETag: ") }).dropFirst(6)
    let unchanged = Self.request(path, "If-None-Match: \(tag)")
    let last = Self.request(path, "Connection: close")
    let three = Self.greet(greeter, poll + unchanged + last)
    #expect(three.sent.components(separatedBy: "HTTP/1.1 ").map { $0.prefix(3) } == ["", "200", "304", "200"])
    #expect(three.isLast && three.count == (poll + unchanged + last).utf8.count)
    #expect(three.sent.contains("\r\nConnection: close\r\n"))
    // Where the connection is to end, it ends with the last of what came.
    let two = Self.greet(greeter, poll + poll, ends: true)
    #expect(two.isLast && two.count == 2 * poll.utf8.count)
    #expect(two.sent.components(separatedBy: "HTTP/1.1 ").map { $0.contains("Connection: close") } == [false, false, true])
    let more = Self.greet(greeter, poll + Self.request("/v2/date"), ends: true)
    #expect(!more.isLast && more.count == poll.utf8.count && !more.sent.contains("Connection: close"))
    for other in [
      String(poll.dropLast()), Self.request(path, "X: y"), Self.request("/v2/date"), poll.replacing("GET", with: "PUT"),
      Self.request("/v2/things/\(token)/firmwares/download/Zm9v"), last + poll,
      poll.replacing(token, with: String(repeating: "t", count: ThingToken.length)),
    ] {
      #expect(Self.greet(greeter, other) == ("", 0, false), "\(other.debugDescription)")
      let behind = Self.greet(greeter, poll + other)
      #expect(behind.count == poll.utf8.count && !behind.isLast, "\(other.debugDescription)")
    }
  }

  @Test func `connections that are answered together get each its own, as they would alone`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let greeter = Self.begin(test)
    var polls: [String] = []
    for number in 0..<60 {
      let token = try await test.activate()
      let path = "/v2/things/\(token)/firmwares/latest"
      // Some are read from the catalog first, and some are remembered, by either question.
      if number % 5 != 0 { _ = try await test.service.recollectThing(try #require(ThingToken(token))) }
      polls += [Self.request(path), Self.request(path, "Connection: close"), Self.request(path + "?version=1.0.0")]
      if number % 7 == 0 { polls += [Self.request(path) + Self.request(path), String(Self.request(path).dropLast())] }
      if number % 7 == 1 { polls += [Self.request("/v2/date"), "GET /", Self.request(path) + "GET /v2/date"] }
    }
    var random = SeededGenerator(seed: 7)
    for _ in 0..<20 {
      polls.shuffle(using: &random)
      let alone = polls.map { Self.greet(greeter, $0) }
      for first in stride(from: 0, to: polls.count, by: 16) {
        let part = first..<min(first + 16, polls.count)
        let together = Self.greet(greeter, Array(polls[part]))
        #expect(together.count == part.count)
        #expect(zip(together, alone[part]).allSatisfy { $0.count == $1.count && $0.isLast == $1.isLast })
        #expect(zip(together, alone[part]).allSatisfy { Self.undated($0.sent) == Self.undated($1.sent) })
      }
    }
    #expect(polls.contains { Self.greet(greeter, $0).count == 0 } && polls.contains { Self.greet(greeter, $0).count > 0 })
  }

  @Test func `requests of several things on one connection are answered each for its own`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let greeter = Self.begin(test)
    var polls: [String] = []
    for _ in 0..<12 {
      let token = try await test.activate()
      _ = try await test.service.recollectThing(try #require(ThingToken(token)))
      polls.append(Self.request("/v2/things/\(token)/firmwares/latest"))
    }
    for _ in 0..<2 {
      let single = polls.map { Self.undated(Self.greet(greeter, $0).sent) }
      #expect(Set(single).count > 4)
      // Three connections with four requests each.
      let together = Self.greet(greeter, [0, 4, 8].map { polls[$0..<$0 + 4].joined() })
      for (place, answer) in together.enumerated() {
        let answers = answer.sent.components(separatedBy: "HTTP/1.1 ").dropFirst().map { Self.undated("HTTP/1.1 " + $0) }
        #expect(answers == Array(single[place * 4..<place * 4 + 4]))
      }
    }
  }

  /// The clock may go on between two answers.
  private static func undated(_ answers: String) -> [Substring] {
    answers.split(separator: "\r\n", omittingEmptySubsequences: false).filter { !$0.hasPrefix("Date: ") }
  }

  @Test func `each thing is told its own time to ask again, in the body and in the tag`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let greeter = Self.begin(test)
    var times: Set<Int64> = []
    for _ in 0..<60 {
      let token = try await test.activate()
      let thing = try await test.service.identifyThing(token)
      let expected = try await test.service.offerFirmware(to: thing, running: nil).retryAfter
      let path = "/v2/things/\(token)/firmwares/latest"
      let sent = Self.greet(greeter, Self.request(path)).sent
      #expect(sent.hasSuffix("\"retryAfter\":\(expected)}"))
      let tag = try #require(sent.split(separator: "\r\n").first { $0.hasPrefix("ETag: ") }).dropFirst(6)
      #expect(tag.hasSuffix("-\(String(expected, radix: 16))\""))
      let body = try #require(sent.components(separatedBy: "\r\n\r\n").last)
      #expect(sent.contains("Content-Length: \(body.utf8.count)\r\n"))
      #expect(Self.greet(greeter, Self.request(path, "If-None-Match: \(tag)")).sent.hasPrefix("HTTP/1.1 304 "))
      let other = tag.replacing("-\(String(expected, radix: 16))\"", with: "-\(String(expected + 1, radix: 16))\"")
      #expect(Self.greet(greeter, Self.request(path, "If-None-Match: \(other)")).sent.hasPrefix("HTTP/1.1 200 "))
      let many = Self.greet(greeter, Self.request(path, "If-None-Match: \"x\", W/\(tag)")).sent
      #expect(many.hasPrefix("HTTP/1.1 304 "))
      times.insert(expected)
    }
    // Of two and of three hexadecimal digits.
    #expect(times.contains { $0 < 256 } && times.contains { $0 > 255 })
  }

  @Test func `a device of the DDI door is answered the same again until something of it changes`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let greeter = Self.begin(test)
    var gateway = try await test.service.gatewayToken(ofModel: "lamp", rotate: false, overlap: nil, by: "ada").token
    _ = try await test.service.pollController(try await test.service.identifyController("dev-1", .gateway(gateway)))
    let token = try await test.service.readToken(of: "dev-1", by: "ada").secret
    func poll(_ shown: String) -> String {
      Self.greet(greeter, Self.request("/DEFAULT/controller/v1/dev-1", "Authorization: \(shown)")).sent
    }
    let ways = ["GatewayToken \(gateway)", "TargetToken \(token)"]
    _ = try await test.service.recollectController("dev-1", .target(token))
    for way in ways {
      let first = poll(way)
      #expect(first.hasPrefix("HTTP/1.1 200 OK\r\n") && first.contains("configData"))
      let body = first.components(separatedBy: "\r\n\r\n").last
      #expect(poll(way).components(separatedBy: "\r\n\r\n").last == body)
      #expect(poll(way.replacing(" ", with: " x")).isEmpty)
    }
    // What there is for it has to be on the disk before it is told.
    try await test.release("1.0.0", [1, 2, 3])
    #expect(ways.map(poll) == ["", ""])
    _ = try await test.service.pollController(try await test.service.identifyController("dev-1", .gateway(gateway)))
    for way in ways { #expect(poll(way).contains("deploymentBase") && poll(way).contains("deploymentBase")) }
    gateway = try await test.service.gatewayToken(ofModel: "lamp", rotate: true, overlap: 0, by: "ada").token
    #expect(poll(ways[0]).isEmpty && poll("GatewayToken \(gateway)").contains("deploymentBase"))
    _ = try await test.service.rotateToken(of: "dev-1", overlap: 0, by: "ada")
    #expect(poll(ways[1]).isEmpty)
  }
}
