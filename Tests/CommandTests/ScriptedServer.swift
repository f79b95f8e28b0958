import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// A server for one image that behaves as it is told: the other end of an upload, with the accidents that uploads have.
final class ScriptedServer: Sendable {
  /// What it does with the next bodies, one after the other; when the script is over it takes all.
  enum Step: Sendable { case cut(after: Int), refuse(status: Int, retryAfter: Int?), stopKnowing }

  struct State: Sendable {
    var steps: [Step]
    var stored: [UInt8] = []
    var complete = false
    /// `HEAD`, `PUT`, or `PUT bytes 3-9/10`.
    var requests: [String] = []
  }

  let state: Mutex<State>
  private let channel: Mutex<(any Channel)?> = Mutex(nil)

  init(_ steps: [Step] = []) { state = Mutex(State(steps: steps)) }

  var requests: [String] { state.withLock { $0.requests } }
  var stored: [UInt8] { state.withLock { $0.stored } }

  /// - Returns: its address.
  func start() async throws -> String {
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(ScriptedHandler(self))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    self.channel.withLock { $0 = channel }
    return "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
  }

  func stop() async throws { try await channel.withLock { $0 }?.close() }
}

private final class ScriptedHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let server: ScriptedServer
  private var step: ScriptedServer.Step?
  private var head: HTTPRequestHead?
  private var taken = 0

  init(_ server: ScriptedServer) { self.server = server }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): begin(head, context)
    case .body(let bytes): take(bytes, context)
    case .end: finish(context)
    }
  }

  private func begin(_ head: HTTPRequestHead, _ context: ChannelHandlerContext) {
    self.head = head
    let range = head.headers.first(name: "Content-Range").map { " \($0)" } ?? ""
    step = server.state.withLock { state in
      state.requests.append(head.method.rawValue + range)
      guard head.method == .PUT else { return nil }
      if range.isEmpty { state.stored = [] }
      return state.steps.isEmpty ? nil : state.steps.removeFirst()
    }
  }

  private func take(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
    var part = Array(bytes.readableBytesView)
    if case .refuse = step { return }
    if case .cut(let limit) = step { part = Array(part.prefix(max(0, limit - taken))) }
    taken += part.count
    server.state.withLock { $0.stored += part }
    if case .cut(let limit) = step, taken >= limit { context.close(promise: nil) }
  }

  private func finish(_ context: ChannelHandlerContext) {
    guard context.channel.isActive else { return }
    if head?.method == .HEAD {
      let (complete, count) = server.state.withLock { ($0.complete, $0.stored.count) }
      complete
        ? answer(200, [("Content-Length", "\(count)")], "", context)
        : answer(404, [("Upload-Offset", "\(count)"), ("Content-Length", "0")], "", context)
      return
    }
    if case .refuse(let status, let wait) = step {
      let problem = #"{"type":"urn:p","title":"t","status":\#(status),"detail":"refused as told","code":"told"}"#
      return answer(status, wait.map { [("Retry-After", "\($0)")] } ?? [], problem, context)
    }
    server.state.withLock { $0.complete = true }
    if case .stopKnowing = step { return context.close(promise: nil) }
    answer(201, [], #"{"digest":"d","size":\#(server.stored.count)}"#, context)
  }

  private func answer(_ status: Int, _ headers: [(String, String)], _ body: String, _ context: ChannelHandlerContext) {
    taken = 0
    var headers = HTTPHeaders(headers)
    if !headers.contains(name: "Content-Length") { headers.add(name: "Content-Length", value: "\(body.utf8.count)") }
    let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !body.isEmpty { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil) }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
