import Domain
import FirmwareService
import Foundation
import HTTPTypes
import Logging
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import HTTPAPI

/// How a connection of the hot path begins, goes on and ends, on a clock of its own.
@Suite struct HotPathConnectionTests {
  /// The handler on an embedded channel, before a service that knows one thing.
  private final class Connection {
    let channel = EmbeddedChannel()
    private let use: EventLoopFuture<FirmamentConnection.Use>
    let poll: String
    /// What the network has not taken yet.
    let backlog = TestConnection.Backlog()

    init(
      _ test: TestService, _ token: String, limits: ConnectionLimits = ConnectionLimits(), secure: SecureConnection? = nil
    ) throws {
      let answers = HotAnswers(DirectAnswers(service: test.service, settings: test.settings))
      let setup = ConnectionSetup(live: nil, direct: nil, hot: answers, limits: limits, lenientLineEndings: false)
      let use = channel.eventLoop.makePromise(of: FirmamentConnection.Use.self)
      self.use = use.futureResult
      poll = "GET /v2/things/\(token)/firmwares/latest HTTP/1.1\r\nHost: a\r\n"
      let backlog = backlog
      let handler = HotPathHandler(
        answers: answers, setup: setup, loop: HotLoop(on: channel.eventLoop, limits: limits), secure: secure,
        log: Logger(label: "test"), use: use, bufferedBytes: { _ in backlog.bytes })
      try channel.pipeline.syncOperations.addHandler(handler)
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

    func receive(_ text: String) throws {
      try channel.writeInbound(ByteBuffer(string: text))
      channel.read()
    }

    /// What was sent since the last call, one text for each answer.
    func sent() throws -> [String] {
      var sent = ""
      while let data = try channel.readOutbound(as: ByteBuffer.self) { sent += String(buffer: data) }
      let beginning = "HTTP/1.1 "
      return sent.components(separatedBy: beginning).dropFirst().map { beginning + $0 }
    }

    func advance(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }

    func tell(_ event: any Sendable) { channel.pipeline.fireUserInboundEventTriggered(event) }

    /// Whether its end was told, and that the framework was not needed.
    var wasNotUsed: Bool { if case .nothing? = try? use.wait() { true } else { false } }

    var isHot: Bool { (try? channel.pipeline.syncOperations.handler(type: HotPathHandler.self)) != nil }

    func setWritable(_ isWritable: Bool) {
      channel.isWritable = isWritable
      channel.pipeline.fireChannelWritabilityChanged()
    }
  }

  /// A network that takes one answer at a time.
  private final class Valve: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      (context.channel as? EmbeddedChannel)?.isWritable = false
      context.fireChannelWritabilityChanged()
      context.write(data, promise: promise)
    }
  }

  /// An encryption that waits for the client's farewell before it closes the connection, and counts what is to be read.
  private final class Encryption: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    private(set) var reads = 0
    private(set) var isClosing = false

    func read(context: ChannelHandlerContext) {
      reads += 1
      context.read()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
      isClosing = true
      promise?.succeed()
    }
  }

  /// A network that takes what it is given when it is told to.
  private final class Throttle: ChannelOutboundHandler {
    typealias OutboundIn = IOData

    private(set) var taken: [UInt8] = []
    private var waiting: [(data: IOData, promise: EventLoopPromise<Void>?)] = []

    var waitingBytes: Int { waiting.reduce(0) { $0 + $1.data.readableBytes } }
    /// Of what waits, the bytes that are in the process's memory.
    var heldBytes: Int {
      waiting.reduce(0) { if case .byteBuffer(let bytes) = $1.data { $0 + bytes.readableBytes } else { $0 } }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      waiting.append((unwrapOutboundIn(data), promise))
    }

    private static func bytes(_ region: FileRegion) -> [UInt8] {
      [UInt8](unsafeUninitializedCapacity: region.readableBytes) { space, count in
        count =
          (try? region.fileHandle.withUnsafeFileDescriptor { file in
            pread(file, space.baseAddress, space.count, off_t(region.readerIndex))
          }) ?? 0
      }
    }

    func take() {
      let given = waiting
      waiting = []
      for (data, promise) in given {
        switch data {
        case .byteBuffer(let bytes): taken += bytes.readableBytesView
        case .fileRegion(let region): taken += Self.bytes(region)
        }
        promise?.succeed()
      }
    }
  }

  private static func service() async throws -> (TestService, String) {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    _ = try await test.service.identifyThing(token)
    return (test, token)
  }

  @Test func `a poll is one write, and the connection stays lean`() async throws {
    let (test, token) = try await Self.service()
    let connection = try Connection(test, token)
    for _ in 0..<3 {
      try connection.receive(connection.poll + "\r\n")
      let sent = try connection.sent()
      #expect(sent.count == 1 && sent[0].hasPrefix("HTTP/1.1 200 OK\r\n") && sent[0].hasSuffix("}"))
    }
    #expect(connection.isHot && connection.channel.isActive)
  }

  @Test func `the last answer says so, and closes`() async throws {
    let (test, token) = try await Self.service()
    let connection = try Connection(test, token)
    try connection.receive(connection.poll + "Connection: close\r\n\r\n")
    let sent = try connection.sent()
    #expect(sent.count == 1 && sent[0].contains("\r\nConnection: close\r\n\r\n"))
    #expect(!connection.channel.isActive)
    #expect(connection.wasNotUsed)
  }

  @Test func `the client's own farewell is read where the connection is encrypted`() async throws {
    let (test, token) = try await Self.service()
    let connection = try Connection(test, token, secure: SecureConnection())
    let encryption = Encryption()
    try connection.channel.pipeline.syncOperations.addHandler(encryption, position: .first)
    try connection.receive(connection.poll + "\r\n")
    #expect(!encryption.isClosing && encryption.reads == 1)
    try connection.receive(connection.poll + "Connection: close\r\n\r\n")
    #expect(encryption.isClosing && encryption.reads == 2)
  }

  @Test(arguments: ["G", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n", "\u{0}"])
  func `what is not hot gets everything that speaks HTTP, behind what was answered`(text: String) async throws {
    let (test, token) = try await Self.service()
    let connection = try Connection(test, token)
    try connection.receive(connection.poll + "\r\n" + connection.poll + "\r\n" + text)
    #expect(try connection.sent().prefix(2).allSatisfy { $0.hasPrefix("HTTP/1.1 200 OK\r\n") })
    #expect(!connection.isHot)
    #expect((try? connection.channel.pipeline.syncOperations.handler(type: ConnectionFront.self)) != nil)
    #expect((try? connection.channel.pipeline.syncOperations.handler(type: RequestDeadlineHandler.self)) != nil)
  }

  @Test func `a head that stands still is answered 408 by those that come after`() async throws {
    let (test, token) = try await Self.service()
    let connection = try Connection(test, token)
    try connection.receive("GET /v2/")
    connection.advance(.seconds(11))
    let data = try connection.channel.readOutbound(as: IOData.self)
    guard case .byteBuffer(let bytes)? = data else {
      Issue.record("nothing was sent")
      return
    }
    #expect(String(buffer: bytes).hasPrefix("HTTP/1.1 408 "))
  }

  @Test func `who says nothing for a minute is closed, and not before`() async throws {
    let (test, token) = try await Self.service()
    let connection = try Connection(test, token)
    connection.advance(.seconds(50))
    try connection.receive(connection.poll + "\r\n")
    connection.advance(.seconds(58))
    #expect(connection.channel.isActive)
    connection.advance(.seconds(4))
    #expect(!connection.channel.isActive)
    #expect(try connection.sent().count == 1)
  }

  @Test func `who takes a little is left alone, and who takes nothing is closed`() async throws {
    let (test, token) = try await Self.service()
    let connection = try Connection(test, token)
    connection.backlog.bytes = 1000
    try connection.receive(connection.poll + "\r\n")
    for _ in 0..<20 {
      connection.advance(.seconds(119))
      connection.backlog.bytes -= 1
    }
    #expect(connection.channel.isActive)
    connection.advance(.seconds(125))
    #expect(!connection.channel.isActive)
  }

  @Test func `nothing is answered or read while the client takes nothing`() async throws {
    let (test, token) = try await Self.service()
    let connection = try Connection(test, token)
    connection.setWritable(false)
    try connection.receive(connection.poll + "\r\n" + connection.poll + "\r\n")
    #expect(try connection.sent().isEmpty)
    connection.setWritable(true)
    #expect(try connection.sent().count == 2)
    #expect(connection.isHot)
  }

  @Test func `what was answered leaves the memory, though more always waits behind it`() async throws {
    let (test, token) = try await Self.service()
    let connection = try Connection(test, token)
    try connection.channel.pipeline.syncOperations.addHandler(Valve(), position: .first)
    let hot = try connection.channel.pipeline.syncOperations.handler(type: HotPathHandler.self)
    connection.setWritable(false)
    // More than are answered together.
    let poll = connection.poll + "\r\n"
    try connection.receive(String(repeating: poll, count: 1000))
    connection.setWritable(true)
    let together = try connection.sent().count
    let left = (1000 - together) * poll.utf8.count
    #expect((2..<1000).contains(together) && hot.unanswered.readableBytes == left)
    for _ in 0..<30 {
      try connection.receive(String(repeating: poll, count: together))
      connection.setWritable(true)
      #expect(try connection.sent().count == together)
    }
    #expect(hot.unanswered.readableBytes == left)
    #expect(hot.unanswered.storageCapacity <= 4 * 1000 * poll.utf8.count)
  }

  @Test(arguments: [false, true]) func `an encrypted image is given piece by piece, as it is taken, and any other at once`(
    isSecured: Bool
  ) async throws {
    let (test, token) = try await Self.service()
    let image = imageBytes(500_000)
    let firmware = try await test.release("1.0.0", image)
    // Now memory has it.
    _ = try await test.service.downloadFirmware(firmware.publicID, by: test.service.identifyThing(token))
    let connection = try Connection(test, token, secure: isSecured ? SecureConnection() : nil)
    let network = Throttle()
    try connection.channel.pipeline.syncOperations.addHandler(network, position: .first)
    let path = "GET /v2/things/\(token)/firmwares/download/\(firmware.publicID) HTTP/1.1\r\nHost: a\r\n"
    try connection.receive(path + "\r\n" + path + "Range: bytes=1-2\r\n\r\n")
    var (most, mostHeld) = (0, 0)
    while network.waitingBytes > 0 {
      (most, mostHeld) = (max(most, network.waitingBytes), max(mostHeld, network.heldBytes))
      network.take()
      connection.channel.embeddedEventLoop.run()
    }
    #expect(isSecured ? most < 140_000 : most > image.count && mostHeld < 270_000)
    let first = try #require(network.taken.place(of: image.prefix(100) + []))
    let isWhole = network.taken[first.lowerBound...].starts(with: image)
    try #require(isWhole)
    let rest = String(decoding: network.taken[(first.lowerBound + image.count)...].dropLast(2), as: UTF8.self)
    #expect(rest.hasPrefix("HTTP/1.1 206 Partial Content\r\n") && network.taken.suffix(2) == image[1...2])
  }

  @Test func `behind the decoder an image that is to be encrypted is left to the router, which waits for its client`()
    async throws
  {
    let (test, token) = try await Self.service()
    let firmware = try await test.release("1.0.0", imageBytes(1 << 20))
    _ = try await test.service.downloadFirmware(firmware.publicID, by: test.service.identifyThing(token))
    let direct = DirectAnswers(service: test.service, settings: test.settings)
    let claim = DirectAnswers.Claim.download(try #require(ThingToken(token)), firmware: firmware.publicID)
    var head = HTTPRequest(method: .get, scheme: nil, authority: "a", path: "/")
    func isAnswered(isEncrypted: Bool) -> Bool {
      let outcome = direct.answer(claim, head, ByteBuffer(), isEncrypted: isEncrypted) { _ in }
      return if case .answer = outcome { true } else { false }
    }
    #expect(isAnswered(isEncrypted: false) && !isAnswered(isEncrypted: true))
    head.headerFields[.range] = "bytes=0-99"
    #expect(isAnswered(isEncrypted: true))
  }

  @Test func `an idle connection is closed when the server is to stop, and one in progress after its answer`() async throws {
    let (test, token) = try await Self.service()
    let idle = try Connection(test, token)
    idle.tell(ChannelShouldQuiesceEvent())
    #expect(!idle.channel.isActive)
    let busy = try Connection(test, token)
    busy.setWritable(false)
    try busy.receive(busy.poll + "\r\n" + busy.poll + "\r\n")
    busy.tell(ChannelShouldQuiesceEvent())
    #expect(busy.channel.isActive)
    busy.setWritable(true)
    let sent = try busy.sent()
    #expect(sent.map { $0.contains("Connection: close\r\n") } == [false, true])
    #expect(!busy.channel.isActive)
  }

  @Test func `a client that closes its side gets what it asked for`() async throws {
    let (test, token) = try await Self.service()
    let idle = try Connection(test, token)
    idle.tell(ChannelEvent.inputClosed)
    #expect(!idle.channel.isActive)
    let busy = try Connection(test, token)
    busy.setWritable(false)
    try busy.receive(busy.poll + "\r\n")
    busy.tell(ChannelEvent.inputClosed)
    #expect(busy.channel.isActive)
    busy.setWritable(true)
    #expect(try busy.sent().count == 1)
    #expect(!busy.channel.isActive)
  }

  @Test func `the last byte has left before the connection is closed`() async throws {
    let (test, token) = try await Self.service()
    let connection = try Connection(test, token)
    try connection.receive(connection.poll + "\r\n")
    connection.backlog.bytes = 10
    connection.tell(ChannelShouldQuiesceEvent())
    // The embedded network takes what is written at once, and with it all before.
    #expect(!connection.channel.isActive)
    #expect(try connection.sent().count == 1)
  }
}
