import NIOCore
import NIOEmbedded
import NIOHTTP1

@testable import HTTPAPI

/// The handlers of a connection on an embedded channel: bytes in, request parts out; response parts in, bytes out.
final class TestConnection {
  let channel = EmbeddedChannel()
  let wire = WireEnd()
  private let tap = ByteTap()
  /// What the network has not taken yet, as the channel would count it.
  let backlog = Backlog()
  /// Errors that reached the one who answers.
  private(set) var errors: [any Error] = []

  init(limits: ConnectionLimits = ConnectionLimits(), lenient: Bool = true) throws {
    let backlog = backlog
    let deadlines = RequestDeadlineHandler(limits: limits, bufferedBytes: { _ in backlog.bytes })
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandler(wire)
    let handlers = ProtocolHandlers(limits: limits, lenientLineEndings: lenient, deadlines: deadlines)
    try pipeline.addHandlers(handlers.inOrder)
    try pipeline.addHandler(tap, position: .after(handlers.lineEndings))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
  }

  /// One read of the network.
  func receive(_ bytes: some Sequence<UInt8>) {
    guard channel.isActive else { return }
    do { try channel.writeInbound(ByteBuffer(bytes: bytes)) } catch { errors.append(error) }
    if channel.isActive { channel.read() }
  }

  func receive(_ text: String) { receive(Array(text.utf8)) }

  func send(_ parts: HTTPServerResponsePart...) {
    for part in parts { channel.write(part, promise: nil) }
    channel.flush()
  }

  /// A whole response with an empty body.
  func answer(_ status: HTTPResponseStatus = .ok, headers: HTTPHeaders = ["Content-Length": "0"]) {
    send(.head(HTTPResponseHead(version: .http1_1, status: status, headers: headers)), .end(nil))
  }

  func advance(_ time: TimeAmount) { channel.embeddedEventLoop.advanceTime(by: time) }

  /// What has been sent since the last call.
  func sent() -> String {
    var text = ""
    while let data = try? channel.readOutbound(as: IOData.self) {
      if case .byteBuffer(let bytes) = data { text += String(buffer: bytes) }
    }
    return text
  }

  /// All bytes that the decoder was given.
  var decoded: [UInt8] { tap.bytes }

  /// What has been decoded since the last call: one line a part, so that two runs can be compared.
  func parts() -> [String] {
    var parts: [String] = []
    var body = ""
    while let part = try? channel.readInbound(as: HTTPServerRequestPart.self) {
      switch part {
      case .head(let head):
        let fields = head.headers.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        parts.append("\(head.method) \(head.uri) \(head.version.major).\(head.version.minor) \(fields)")
      case .body(let bytes): body += bytes.readableBytesView.map { String($0, radix: 16) + "." }.joined()
      case .end:
        parts.append("body \(body)")
        body = ""
      }
    }
    return parts + (body.isEmpty ? [] : ["unfinished \(body)"])
  }

  deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }

  final class Backlog { var bytes = 0 }
}

/// Half-closure, which the embedded channel has not: it notes that our side was closed and keeps the rest open.
final class WireEnd: ChannelOutboundHandler {
  typealias OutboundIn = IOData

  private(set) var outputIsClosed = false

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    guard mode == .output else { return context.close(mode: mode, promise: promise) }
    outputIsClosed = true
    promise?.succeed()
  }
}

private final class ByteTap: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private(set) var bytes: [UInt8] = []

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    bytes += unwrapInboundIn(data).readableBytesView
    context.fireChannelRead(data)
  }
}
