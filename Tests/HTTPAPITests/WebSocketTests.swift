import Domain
import FirmwareService
import Foundation
import LiveChannels
import NIOCore
import Testing

@testable import HTTPAPI

/// The same subscription as WebSocket frames (RFC 6455), over a real socket.
@Suite(.timeLimit(.minutes(10))) struct WebSocketTests {
  /// The key and its answer are those of RFC 6455 section 1.3.
  static let key = "dGhlIHNhbXBsZSBub25jZQ=="
  static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
  static let handshake = [
    "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(key)",
  ]

  /// A client's frame, masked.
  static func frame(_ opcode: UInt8, _ payload: [UInt8], first: UInt8 = 0x80, isMasked: Bool = true) -> [UInt8] {
    let mask: [UInt8] = [1, 2, 3, 250]
    let long: [UInt8] = payload.count > 125 ? [UInt8(payload.count >> 8), UInt8(payload.count & 255)] : []
    let length = UInt8(payload.count > 125 ? 126 : payload.count)
    guard isMasked else { return [first | opcode, length] + long + payload }
    return [first | opcode, 0x80 | length] + long + mask + payload.enumerated().map { $1 ^ mask[$0 % 4] }
  }

  static func text(_ text: String) -> [UInt8] {
    let count = text.utf8.count
    let length =
      count < 126
      ? [UInt8(count)]
      : count < 65536
        ? [126, UInt8(count >> 8), UInt8(count & 255)]
        : [127, 0, 0, 0, 0, 0, UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255)]
    return [0x81] + length + Array(text.utf8)
  }

  static func close(_ code: UInt16) -> [UInt8] { [0x88, 2, UInt8(code >> 8), UInt8(code & 255)] }

  static func connect(
    _ thing: StreamTests.ServedThing, query: String = "", early: [UInt8] = []
  ) async throws -> WireClient {
    let client = try WireClient(port: thing.port)
    let head = (["GET \(thing.path)\(query) HTTP/1.1", "Host: a"] + handshake + ["", ""]).joined(separator: "\r\n")
    client.send(Array(head.utf8) + early)
    #expect(try await client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
    let first = text(StreamTests.subscribed)
    #expect(try await client.read(first.count) == first)
    return client
  }

  @Test func theHandshakeIsThatOfTheStandard() async throws {
    try await StreamTests.serve { _, thing in
      let client = try WireClient(port: thing.port)
      client.get(thing.path, Self.handshake)
      let head = try await client.read(through: "\r\n\r\n")
      let lines = head.components(separatedBy: "\r\n")
      #expect(lines[0] == "HTTP/1.1 101 Switching Protocols")
      #expect(lines.contains("Upgrade: websocket"))
      #expect(lines.contains("Connection: Upgrade"))
      #expect(lines.contains("Sec-WebSocket-Accept: \(Self.accept)"))
      #expect(!head.lowercased().contains("content-length") && !head.lowercased().contains("transfer-encoding"))
    }
  }

  @Test func messagesOfEveryLengthComeAsWholeFrames() async throws {
    try await StreamTests.serve { _, thing in
      let client = try await Self.connect(thing, query: "?keepAlive=100000")
      for length in [0, 121, 122, 123, 65_531, 65_532, 65_533, 200_000] {
        let message = "[\"\(String(repeating: "x", count: length))\"]"
        thing.publish(message)
        let wanted = Self.text(message)
        #expect(try await client.read(wanted.count) == wanted)
      }
    }
  }

  @Test func theKeepAliveIsAMessageToo() async throws {
    try await StreamTests.serve { _, thing in
      let client = try await Self.connect(thing, query: "?keepAlive=100")
      #expect(try await client.read(8) == Self.text("{}") + Self.text("{}"))
    }
  }

  @Test func pingsAreAnsweredAlsoThoseThatComeWithTheHandshake() async throws {
    try await StreamTests.serve { _, thing in
      let client = try await Self.connect(thing, early: Self.frame(9, Array("early".utf8)) + Self.frame(9, []))
      #expect(try await client.read(9) == [0x8A, 5] + Array("early".utf8) + [0x8A, 0])
      client.send(Self.frame(9, Array(repeating: 7, count: 125)))
      #expect(try await client.read(127) == [0x8A, 125] + Array(repeating: 7, count: 125))
      // What a client says otherwise changes nothing.
      client.send(Self.frame(1, Array("hello".utf8)) + Self.frame(2, [], first: 0) + Self.frame(0, [1]) + Self.frame(10, []))
      client.send(Self.frame(9, [1]))
      #expect(try await client.read(3) == [0x8A, 1, 1])
    }
  }

  /// Bytes that a client sends, and the code of the server's close.
  struct Sent: Sendable, CustomTestStringConvertible {
    let bytes: [UInt8]
    let code: UInt16
    var testDescription: String { "\(bytes.prefix(8)) \(bytes.count) \(code)" }

    init(_ bytes: [UInt8], _ code: UInt16) { (self.bytes, self.code) = (bytes, code) }
  }

  static let closes = [
    Sent([], 1000), Sent([0x03, 0xE8], 1000), Sent([0x0F, 0xA0] + Array("bye".utf8), 4000), Sent([1], 1002),
    Sent([0x03, 0xED], 1002),
  ]

  @Test(arguments: closes)
  func aCloseIsAnsweredAndEndsTheConnection(_ sent: Sent) async throws {
    try await StreamTests.serve { _, thing in
      let client = try await Self.connect(thing)
      client.send(Self.frame(8, sent.bytes))
      #expect(try await client.readToEnd() == Self.close(sent.code))
      client.close()
      try await thing.eventually(0)
    }
  }

  static let faults = [
    Sent(frame(1, [1], isMasked: false), 1002), Sent(frame(9, [], first: 0xC0), 1002), Sent(frame(9, [], first: 0), 1002),
    Sent(frame(9, Array(repeating: 0, count: 126)), 1002), Sent(frame(5, []), 1002),
    Sent(frame(1, Array(repeating: 0, count: 16_385)), 1009),
  ]

  @Test(arguments: faults)
  func whatBreaksTheStandardEndsTheConnection(_ sent: Sent) async throws {
    try await StreamTests.serve { _, thing in
      let client = try await Self.connect(thing)
      client.send(sent.bytes)
      #expect(try await client.readToEnd() == Self.close(sent.code))
    }
  }

  @Test func aFrameOfTheLargestSizeIsTaken() async throws {
    try await StreamTests.serve { _, thing in
      let client = try await Self.connect(thing)
      client.send(Self.frame(2, Array(repeating: 0, count: 16_384)))
      client.send(Self.frame(9, [1]))
      #expect(try await client.read(3) == [0x8A, 1, 1])
    }
  }

  @Test func aTokenThatEndsIsSaidBeforeTheClose() async throws {
    try await StreamTests.serve { test, thing in
      let client = try await Self.connect(thing)
      try await test.service.retireThing(try await test.newestThing(), by: "ada")
      let wanted = Self.text(#"{"status":"error","message":"the token has ended"}"#) + Self.close(1008)
      #expect(try await client.readToEnd() == wanted)
    }
  }

  @Test func refusalsAreOrdinaryAnswersAndTheLastOnTheConnection() async throws {
    try await StreamTests.serve { _, thing in
      func answer(_ path: String, _ headers: [String]) async throws -> String {
        let client = try WireClient(port: thing.port)
        client.get(path, headers)
        client.get("/healthz")
        return String(decoding: try await client.readToEnd(), as: UTF8.self)
      }
      let unknown = try await answer("/v2/things/none", Self.handshake)
      #expect(unknown.hasPrefix("HTTP/1.1 404 Not Found\r\n") && unknown.hasSuffix("\"thing not found\"}"))
      #expect(unknown.contains("\r\nConnection: close\r\n"))
      let version = try await answer(thing.path, Self.handshake.map { $0.replacing("13", with: "8") })
      #expect(version.hasPrefix("HTTP/1.1 426 Upgrade Required\r\n") && version.contains("\r\nSec-WebSocket-Version: 13\r\n"))
      let key = try await answer(thing.path, Self.handshake.map { $0.replacing(Self.key, with: "c2hvcnQ=") })
      #expect(key.hasPrefix("HTTP/1.1 400 Bad Request\r\n"))
      #expect(try await answer("/healthz", Self.handshake).hasSuffix("\r\n\r\nok\n"))
      #expect(thing.live.subscriptionCount == 0)
    }
  }

  @Test func anUpgradeThatIsNotAskedOfThisConnectionIsNone() async throws {
    try await StreamTests.serve { _, thing in
      let client = try WireClient(port: thing.port)
      client.get(thing.path, ["Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: \(Self.key)"])
      #expect(try await client.read(through: "\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(try await client.read(through: "\"}\r\n") == StreamTests.chunk(StreamTests.subscribed))
    }
  }

  @Test func aWebSocketMayFollowOrdinaryRequests() async throws {
    try await StreamTests.serve { _, thing in
      let client = try WireClient(port: thing.port)
      client.get("/healthz")
      _ = try await client.read(through: "ok\n")
      client.get("/healthz")
      let head = (["GET \(thing.path) HTTP/1.1", "Host: a"] + Self.handshake + ["", ""]).joined(separator: "\r\n")
      client.send(Array(head.utf8) + Self.frame(9, [1]))
      _ = try await client.read(through: "ok\n")
      _ = try await client.read(through: "subscribed\"}")
      #expect(try await client.read(3) == [0x8A, 1, 1])
      thing.publish("[1]")
      #expect(try await client.read(5) == Self.text("[1]"))
      client.reset()
      try await thing.eventually(0)
    }
  }

  @Test func theEndOfTheServerIsToldAsGoingAway() async throws {
    let clients = StreamTests.Box<[WireClient]>([])
    try await StreamTests.serve { _, thing in
      clients.value = [try await Self.connect(thing), try await Self.connect(thing)]
    }
    for client in clients.value { #expect(try await client.readToEnd() == Self.close(1001)) }
  }
}
