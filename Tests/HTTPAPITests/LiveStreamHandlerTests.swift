import FirmwareService
import HTTPTypes
import Hummingbird
import LiveChannels
import NIOCore
import NIOEmbedded
import Testing

@testable import HTTPAPI

/// A stream's own time, on a loop whose time stands still until it is moved.
@Suite struct LiveStreamHandlerTests {
  private final class Stream {
    let channel = EmbeddedChannel()
    let channels = LiveChannels()
    var isGone: Bool { handler?.isGone ?? false }

    init(
      _ framing: LiveFraming = .chunk, keepAlive: Int64 = 60_000, endsIn: TimeAmount? = nil, phrases: LivePhrases = .json
    ) throws {
      let responder = CallbackResponder<APIContext> { _, _ in Response(status: .ok) }
      let limits = ConnectionLimits()
      let deadlines = RequestDeadlineHandler(limits: limits, bufferedBytes: { _ in 0 })
      let opening = LiveOpening(
        plan: LivePlan(topics: [.thing(1)], owner: .thing(1)), seat: try channels.takeSeat(for: .thing(1)), framing: framing,
        keepAlive: .microseconds(keepAlive * 950), endsIn: endsIn, phrases: phrases)
      let handler = LiveStreamHandler(
        opening, limits: limits, serving: LiveServing(responder: responder, channels: channels), deadlines: deadlines,
        isEncrypted: false)
      try channel.pipeline.syncOperations.addHandlers([WireEnd(), deadlines, handler] as [any ChannelHandler])
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
      deadlines.enter(.streaming)
      handler.begin(head: ByteBuffer())
      _ = sent()
      self.handler = handler
    }

    private(set) var handler: LiveStreamHandler?

    func advance(_ milliseconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .milliseconds(milliseconds)) }

    func publish(_ text: String) {
      channels.publish([(.thing(1), Array(text.utf8))])
      channel.embeddedEventLoop.run()
    }

    func sent() -> [UInt8] {
      var bytes: [UInt8] = []
      while let data = try? channel.readOutbound(as: IOData.self) {
        if case .byteBuffer(let buffer) = data { bytes += buffer.readableBytesView }
      }
      return bytes
    }

    var text: String { String(decoding: sent(), as: UTF8.self) }

    deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }
  }

  @Test func theKeepAliveComesATwentiethEarlyAndCountsFromTheLastMessage() throws {
    let stream = try Stream(keepAlive: 1000)
    stream.advance(949)
    #expect(stream.text == "")
    stream.advance(1)
    #expect(stream.text == "2\r\n{}\r\n")
    stream.advance(900)
    stream.publish("[1]")
    #expect(stream.text == "3\r\n[1]\r\n")
    stream.advance(949)
    #expect(stream.text == "")
    stream.advance(1)
    #expect(stream.text == "2\r\n{}\r\n")
    stream.advance(9500)
    #expect(stream.text == String(repeating: "2\r\n{}\r\n", count: 10))
  }

  @Test func serverSentEventsHaveACommentAfterSilence() throws {
    let stream = try Stream(keepAlive: 15_790, phrases: .serverSent)
    stream.advance(15_000)
    #expect(stream.text == "")
    stream.advance(1)
    #expect(stream.text == StreamTests.chunk(":\n\n"))
  }

  @Test func aSubscriptionEndsWhenItsCredentialsDo() throws {
    let stream = try Stream(endsIn: .seconds(3600))
    stream.advance(3_599_999)
    stream.publish("[1]")
    #expect(stream.text.hasSuffix("3\r\n[1]\r\n"))
    stream.advance(1)
    let error = #"{"status":"error","message":"the token has ended"}"#
    #expect(stream.text == StreamTests.chunk(error) + "0\r\n\r\n")
    stream.publish("[2]")
    stream.advance(10_000)
    #expect(stream.text == "")
    #expect(stream.isGone && stream.channels.subscriptionCount == 0 && !stream.channels.hasSubscribers(to: .thing(1)))
  }

  @Test func aSilentWebSocketIsPingedOnceAndThenLetGo() throws {
    let stream = try Stream(.webSocket, keepAlive: 10_000_000)
    stream.advance(59_999)
    #expect(stream.sent() == [])
    stream.advance(1)
    #expect(stream.sent() == [0x89, 0])
    stream.advance(30_000)
    stream.handler?.hear()
    stream.advance(59_999)
    #expect(stream.sent() == [] && stream.channel.isActive)
    stream.advance(1)
    #expect(stream.sent() == [0x89, 0])
    stream.advance(59_999)
    #expect(stream.sent() == [] && stream.channel.isActive)
    stream.advance(1)
    #expect(!stream.channel.isActive && stream.isGone)
  }

  @Test func aSilentClientOfAChunkedStreamIsNotPinged() throws {
    let stream = try Stream(keepAlive: 10_000_000)
    stream.advance(9_000_000)
    #expect(stream.sent() == [] && stream.channel.isActive)
  }

  @Test func pongsDoNotPutOffTheKeepAlive() throws {
    let stream = try Stream(.webSocket, keepAlive: 1000)
    stream.advance(500)
    stream.handler?.hear()
    stream.handler?.answer(opcode: 10, [1])
    #expect(stream.sent() == [0x8A, 1, 1])
    stream.advance(450)
    #expect(stream.sent() == WebSocketTests.text("{}"))
  }
}

/// Which requests the connection answers itself.
@Suite struct ConnectionFrontTests {
  @Test(arguments: [
    ("/v2/things/T", true), ("/v2//things/T/?keepAlive=1", true), ("//v2/things//T//", true), ("/v2/things/T?", true),
    ("/v2/me/resources/R?keepAlive=1&subscribe=true", true), ("/v2/me/resources/R?subscribe=false", false),
    ("/v2/things", false), ("/v2/things/", false), ("/v2/things/T/resources", false), ("/v2/things/T/firmwares/latest", false),
    ("/api/v1/rollouts/R/events?after=1", true), ("/api/v1/rollouts/R/events/", true), ("/api/v1/rollouts/R", false),
    ("/api/v1/rollouts/R/events/1", false), ("/api/v1/rollouts/events", false), ("/v2/thing/T", false),
    ("/v2/things/T/resources/R?limit=1", false), ("/", false), ("/subscribe=true", false),
  ])
  func aStreamIsAskedForByThePathOrTheQuery(path: String, isOne: Bool) {
    let head = HTTPRequest(method: .get, scheme: "http", authority: "a", path: path)
    #expect(ConnectionFront.maySubscribe(head) == isOne)
    let post = HTTPRequest(method: .post, scheme: "http", authority: "a", path: path)
    #expect(!ConnectionFront.maySubscribe(post))
  }
}
