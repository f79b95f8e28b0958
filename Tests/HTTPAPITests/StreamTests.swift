import Domain
import FirmwareService
import Foundation
import HummingbirdTesting
import LiveChannels
import NIOCore
import TestSupport
import Testing

@testable import HTTPAPI

/// A thing's subscription over a real socket (wire page, sections 3.4 and 2.1), fed by what is published in this process.
@Suite(.timeLimit(.minutes(10))) struct StreamTests {
  static let subscribed = #"{"status":"success","message":"subscribed"}"#

  /// A service with one thing, served on a socket.
  static func serve(
    _ live: LiveChannels = LiveChannels(mostSubscriptions: 100), limits: ConnectionLimits = .patient,
    _ body: @escaping @Sendable (_ test: TestService, _ thing: ServedThing) async throws -> Void
  ) async throws {
    let test = try await TestService(live: live, limits: limits)
    try await test.createModel()
    let token = try await test.activate()
    let id = try await test.service.identifyThing(token)
    try await test.application().test(.live) { client in
      try await body(test, ServedThing(port: client.port, token: token, id: id, live: test.service.live))
    }
  }

  struct ServedThing: Sendable {
    let port: Int?
    let token: String
    let id: Int64
    let live: LiveChannels

    func another(_ test: TestService) async throws -> ServedThing {
      let token = try await test.activate()
      return ServedThing(port: port, token: token, id: try await test.service.identifyThing(token), live: live)
    }

    var path: String { "/v2/things/\(token)" }

    func publish(_ messages: String...) { live.publish(messages.map { (.thing(id), Array($0.utf8)) }) }

    /// Returns when the subscription has begun.
    func subscribe(_ headers: [String] = [], receiveBuffer: Int32? = nil) async throws -> WireClient {
      let client = try WireClient(port: port, receiveBuffer: receiveBuffer)
      client.get(path, headers)
      _ = try await client.read(through: "subscribed\"}\r\n")
      return client
    }

    /// Waits for a count of subscriptions.
    func eventually(_ count: Int) async throws {
      let end = ContinuousClock.now + .seconds(120)
      while live.subscriptionCount != count || live.hasSubscribers(to: .thing(id)) != (count > 0) {
        guard ContinuousClock.now < end else {
          throw WireClient.Failure(description: "\(live.subscriptionCount) subscriptions, not \(count)")
        }
        try await Task.sleep(for: .milliseconds(5))
      }
    }
  }

  static func chunk(_ text: String) -> String { "\(String(text.utf8.count, radix: 16))\r\n\(text)\r\n" }

  @Test func theBytesAreThoseOfTheWirePage() async throws {
    try await Self.serve { _, thing in
      let client = try WireClient(port: thing.port)
      client.get(thing.path, ["Content-Type: application/json"])
      let head = try await client.read(through: "\r\n\r\n")
      let lines = head.components(separatedBy: "\r\n")
      #expect(lines[0] == "HTTP/1.1 200 OK")
      #expect(lines.contains { $0.lowercased() == "transfer-encoding: chunked" })
      #expect(lines.contains("Content-Type: application/json"))
      #expect(lines.contains { $0.hasPrefix("Date: ") })
      #expect(!head.lowercased().contains("content-length"))
      #expect(!head.contains("{") && !head.contains("["))
      #expect(try await client.read(through: "\"}\r\n") == Self.chunk(Self.subscribed))
      let first = #"[{"key":"b","value":1}]"#
      let second = "[\(String(repeating: "\"x\",", count: 20_000))1]"
      thing.publish(first)
      thing.publish(second)
      let wanted = Self.chunk(first) + Self.chunk(second)
      #expect(String(decoding: try await client.read(wanted.utf8.count), as: UTF8.self) == wanted)
    }
  }

  @Test func messagesComeInTheOrderInWhichTheyWerePublished() async throws {
    try await Self.serve { _, thing in
      let clients = [try await thing.subscribe(), try await thing.subscribe(), try await thing.subscribe()]
      for number in 0..<500 { thing.publish("[\(number)]", "[\(number),1]") }
      let wanted = (0..<500).map { Self.chunk("[\($0)]") + Self.chunk("[\($0),1]") }.joined()
      for client in clients {
        #expect(String(decoding: try await client.read(wanted.utf8.count), as: UTF8.self) == wanted)
      }
    }
  }

  @Test func onlyWhatIsPublishedForTheThingArrives() async throws {
    try await Self.serve { _, thing in
      let client = try await thing.subscribe()
      thing.live.publish([
        (.thing(thing.id + 1), Array("[1]".utf8)), (.resource(userID: thing.id, key: "a"), Array("[2]".utf8)),
      ])
      thing.publish("[3]")
      #expect(try await client.read(through: "]\r\n") == Self.chunk("[3]"))
    }
  }

  @Test func theKeepAliveIsTwoBytesAndComesAgainAndAgain() async throws {
    try await Self.serve { _, thing in
      let client = try WireClient(port: thing.port)
      client.get(thing.path + "/?keepAlive=1")
      _ = try await client.read(through: "subscribed\"}\r\n")
      #expect(try await client.read(through: "}\r\n") == "2\r\n{}\r\n")
      #expect(try await client.read(through: "}\r\n") == "2\r\n{}\r\n")
      thing.publish("[1]")
      #expect(try await client.read(through: "1]\r\n").hasSuffix(Self.chunk("[1]")))
      #expect(try await client.read(through: "}\r\n") == "2\r\n{}\r\n")
    }
  }

  @Test(arguments: ["none", String(repeating: "x", count: 43)]) func anUnknownThingIsAPlain404(token: String) async throws {
    try await Self.serve { test, _ in
      try await test.open(.socket) { door in
        try await door.get("/v2/things/\(token)").expectThingError(404, "thing not found")
      }
    }
  }

  @Test func theConnectionGoesOnAfterARefusal() async throws {
    try await Self.serve { _, thing in
      let client = try WireClient(port: thing.port)
      client.get("/v2/things/none")
      client.get("/healthz")
      client.get("/v2//things/none//")
      client.get(thing.path)
      let first = try await client.read(through: "not found\"}")
      #expect(first.hasPrefix("HTTP/1.1 404 Not Found\r\n"))
      #expect(first.contains("Content-Length: 57\r\n"))
      #expect(first.contains("Date: "))
      #expect(try await client.read(through: "ok\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
      #expect(try await client.read(through: "not found\"}").hasPrefix("HTTP/1.1 404 Not Found\r\n"))
      #expect(try await client.read(through: "subscribed\"}\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
      thing.publish("[1]")
      #expect(try await client.read(through: "]\r\n") == Self.chunk("[1]"))
    }
  }

  @Test func anOrdinaryConnectionBecomesAStream() async throws {
    try await Self.serve { _, thing in
      let client = try WireClient(port: thing.port)
      for _ in 0..<3 {
        client.get(thing.path + "/firmwares/latest")
        _ = try await client.read(through: "}")
      }
      client.get(thing.path)
      _ = try await client.read(through: "subscribed\"}\r\n")
      thing.publish("[1]")
      #expect(try await client.read(through: "]\r\n") == Self.chunk("[1]"))
      // What follows on the wire is nobody's business any more.
      client.get("/healthz")
      client.send("\n\nrubbish\r\n")
      thing.publish("[2]")
      #expect(try await client.read(through: "]\r\n") == Self.chunk("[2]"))
      client.close()
      try await thing.eventually(0)
    }
  }

  @Test func aClientThatHasGoneIsNoticedWithoutAWrite() async throws {
    try await Self.serve { _, thing in
      let leaving = try await thing.subscribe()
      let resetting = try await thing.subscribe()
      let ordinary = try WireClient(port: thing.port)
      ordinary.get("/healthz")
      ordinary.get(thing.path)
      _ = try await ordinary.read(through: "subscribed\"}\r\n")
      try await thing.eventually(3)
      leaving.close()
      try await thing.eventually(2)
      resetting.reset()
      try await thing.eventually(1)
      ordinary.close()
      try await thing.eventually(0)
    }
  }

  @Test func aSlowSubscriberIsDroppedAndNobodyElseWaits() async throws {
    var limits = ConnectionLimits.patient
    limits.subscriberQueueBytes = 32 * 1024
    try await Self.serve(limits: limits) { _, thing in
      let slow = try await thing.subscribe(receiveBuffer: 4096)
      let quick = try await thing.subscribe()
      let message = "[\"\(String(repeating: "x", count: 100_000))\"]"
      let packed = Self.chunk(message)
      // Far more than the system holds for a client that does not read.
      let count = 150
      for _ in 0..<count {
        thing.publish(message)
        #expect(String(decoding: try await quick.read(packed.utf8.count), as: UTF8.self) == packed)
      }
      let all = String(decoding: try await slow.readToEnd(), as: UTF8.self)
      let error = #"{"status":"error","message":"too slow: messages were lost"}"#
      #expect(all.hasSuffix(Self.chunk(error) + "0\r\n\r\n"))
      // Every message before that is whole.
      let before = all.dropLast((Self.chunk(error) + "0\r\n\r\n").count)
      #expect(before.count % packed.count == 0 && before.count < count * packed.count)
      thing.publish("[1]")
      #expect(try await quick.read(through: "]\r\n") == Self.chunk("[1]"))
    }
  }

  @Test func aSubscriptionEndsWithItsToken() async throws {
    try await Self.serve { test, thing in
      let error = Self.chunk(#"{"status":"error","message":"the token has ended"}"#) + "0\r\n\r\n"
      let publicID = try await test.newestThing()
      let rotated = try await thing.subscribe()
      let new = try await test.service.rotateToken(of: publicID, overlap: 3600, by: "ada").token
      #expect(String(decoding: try await rotated.readToEnd(), as: UTF8.self) == error)
      // The old one lives on for an hour, and so may its subscriptions.
      let overlapping = try await thing.subscribe()
      let current = try WireClient(port: thing.port)
      current.get("/v2/things/\(new.secret)")
      _ = try await current.read(through: "subscribed\"}\r\n")
      _ = try await test.service.resetThing(publicID, by: "ada")
      #expect(String(decoding: try await overlapping.readToEnd(), as: UTF8.self) == error)
      #expect(String(decoding: try await current.readToEnd(), as: UTF8.self) == error)
      try await thing.eventually(0)
    }
  }

  @Test func tooManySubscriptionsAreRefused() async throws {
    try await Self.serve(LiveChannels(mostSubscriptions: 2)) { _, thing in
      let first = try await thing.subscribe()
      let second = try await thing.subscribe()
      let third = try WireClient(port: thing.port)
      third.get(thing.path)
      let answer = try await third.read(through: "open\"}")
      #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
      #expect(answer.hasSuffix(#"{"status":"error","code":503,"message":"too many subscriptions are open"}"#))
      first.close()
      try await thing.eventually(1)
      _ = try await thing.subscribe()
      thing.publish("[1]")
      #expect(try await second.read(through: "]\r\n") == Self.chunk("[1]"))
    }
  }

  @Test func oneThingDoesNotTakeTheSubscriptionsOfOthers() async throws {
    try await Self.serve(LiveChannels(mostSubscriptions: 4)) { test, thing in
      var streams: [WireClient] = []
      for _ in 0..<3 { streams.append(try await thing.subscribe()) }
      let refused = try WireClient(port: thing.port)
      refused.get(thing.path)
      let answer = try await refused.read(through: "}")
      #expect(answer.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
      let message = "too many subscriptions are open with this token"
      #expect(answer.hasSuffix(#"{"status":"error","code":503,"message":"\#(message)"}"#))
      streams.append(try await thing.another(test).subscribe())
      streams[0].close()
      try await thing.eventually(3)
      streams.append(try await thing.subscribe())
    }
  }

  @Test func whoeverWouldLoseAMessageInTheServerIsDroppedAndNobodyElse() async throws {
    try await Self.serve(LiveChannels(inboxBytes: 2000)) { test, thing in
      let other = try await thing.another(test)
      let streams = [try await thing.subscribe(), try await thing.subscribe()]
      let others = try await other.subscribe()
      func write(_ thing: ServedThing, _ value: String) async throws {
        try await test.service.writeResources([ResourceRecord(key: "t", value: .string(value))], of: thing.id)
      }
      try await write(thing, "a")
      for stream in streams { #expect(try await stream.read(through: "]\r\n").contains(#""value":"a""#)) }
      // Longer than all that may wait for the loops: the writer is not held up.
      try await write(thing, String(repeating: "x", count: 2000))
      let last = Self.chunk(#"{"status":"error","message":"too slow: messages were lost"}"#) + "0\r\n\r\n"
      for stream in streams { #expect(String(decoding: try await stream.readToEnd(), as: UTF8.self) == last) }
      try await write(other, "b")
      #expect(try await others.read(through: "]\r\n").contains(#""value":"b""#))
      try await other.eventually(1)
    }
  }

  @Test func serverSentEventsCarryTheSameMessages() async throws {
    try await Self.serve { _, thing in
      let client = try WireClient(port: thing.port)
      client.get(thing.path + "?keepAlive=100", ["Accept: text/event-stream"])
      let head = try await client.read(through: "\r\n\r\n")
      #expect(head.contains("Content-Type: text/event-stream\r\n"))
      #expect(try await client.read(through: "\n\n\r\n") == Self.chunk("data: \(Self.subscribed)\n\n"))
      #expect(try await client.read(through: "\n\n\r\n") == Self.chunk("data: {}\n\n"))
      thing.publish("[1,\n2]")
      #expect(try await client.read(through: "2]\n\n\r\n").hasSuffix(Self.chunk("data: [1,\ndata: 2]\n\n")))
    }
  }

  @Test func anAnswerThatIsNoStreamIsThatOfTheFramework() async throws {
    try await Self.serve { test, thing in
      try await test.release("1.0.0", imageBytes(3 << 20))
      let offer = try await test.service.offerFirmware(to: thing.id, running: nil).firmwares[0].firmware
      for path in ["/healthz", "\(thing.path)/firmwares/download/\(offer.publicID)", "/nowhere", "/api/v1/models"] {
        let plain = try WireClient(port: thing.port)
        plain.get(path, ["Connection: close"])
        let asked = try WireClient(port: thing.port)
        asked.get(path + "?subscribe=true", ["Connection: close"])
        let answers = [try await plain.readToEnd(), try await asked.readToEnd()].map { bytes in
          let end = bytes.place(of: Array("\r\n\r\n".utf8))?.lowerBound ?? 0
          let lines = String(decoding: bytes[..<end], as: UTF8.self).components(separatedBy: "\r\n")
          return (head: lines.filter { !$0.lowercased().hasPrefix("date:") }.sorted(), body: Array(bytes[end...]))
        }
        #expect(answers[0].head == answers[1].head, "\(path)")
        #expect(answers[0].body == answers[1].body, "\(path)")
        #expect(answers[0].body.count > 4)
      }
    }
  }

  @Test func openStreamsEndWithTheServer() async throws {
    let clients = Box<[WireClient]>([])
    try await Self.serve { _, thing in
      var open: [WireClient] = []
      for _ in 0..<20 { open.append(try await thing.subscribe()) }
      clients.value = open
    }
    for client in clients.value { #expect(String(decoding: try await client.readToEnd(), as: UTF8.self) == "0\r\n\r\n") }
  }

  final class Box<Value>: @unchecked Sendable {
    var value: Value
    init(_ value: Value) { self.value = value }
  }
}
