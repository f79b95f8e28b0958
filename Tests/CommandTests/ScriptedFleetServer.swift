import APIContract
import Domain
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The other end of a simulated fleet: one firmware for all, and whatever the test wants to go wrong.
final class ScriptedFleetServer: Sendable {
  struct Answer: Sendable {
    var status = 200
    var headers: [(String, String)] = []
    var body: [UInt8] = []
    /// Closes the connection after so many bytes of the body.
    var cutAfter: Int?

    static func json(_ value: some Encodable, status: Int = 200) -> Answer {
      Answer(status: status, body: Array((try? JSONEncoder().encode(value)) ?? Data()))
    }

    static func refusal(_ status: Int, retryAfter: Int? = nil) -> Answer {
      Answer(
        status: status, headers: retryAfter.map { [("Retry-After", "\($0)")] } ?? [],
        body: Array(#"{"status":"error","code":\#(status),"message":"refused as told"}"#.utf8))
    }
  }

  struct Seen: Sendable {
    /// `poll`, `poll 1.0.0 1`, `range 0-999`, `report installed`, `write`, `activate`, `GET /x`.
    let what: String
    let at: ContinuousClock.Instant
  }

  /// Answers instead of the server where it gives one. The count is of the same requests before.
  typealias Script = @Sendable (_ what: String, _ count: Int) -> Answer?

  static let version = "2.0.0"

  let image: [UInt8]
  let digest: ImageDigest
  /// Of a poll's answer, in seconds.
  let retryAfter: Int64?
  private let script: Script
  private let seen = Mutex<[Seen]>([])
  /// Things that are offered nothing any more, by token.
  private let ended = Mutex<Set<String>>([])
  private let channel: Mutex<(any Channel)?> = Mutex(nil)

  init(image: [UInt8], digest: ImageDigest, retryAfter: Int64? = nil, script: @escaping Script = { _, _ in nil }) {
    self.image = image
    self.digest = digest
    self.retryAfter = retryAfter
    self.script = script
  }

  var log: [Seen] { seen.withLock { $0 } }
  /// Without the writes of what things measure.
  var words: [String] { log.map(\.what).filter { $0 != "write" } }

  /// - Returns: its address.
  func start() async throws -> String {
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(FleetHandler(self))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    self.channel.withLock { $0 = channel }
    return "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
  }

  func stop() async throws { try await channel.withLock { $0 }?.close() }

  func answer(_ head: HTTPRequestHead, _ body: [UInt8]) -> Answer {
    let what = Self.name(head, body)
    let count = seen.withLock { seen in
      defer { seen.append(Seen(what: what, at: .now)) }
      return seen.count { $0.what == what }
    }
    let token = String(head.uri.split(separator: "/").dropFirst(2).first ?? "")
    if ["report failed", "report installed"].contains(what) { ended.withLock { _ = $0.insert(token) } }
    return script(what, count) ?? usual(what, token, head)
  }

  private func usual(_ what: String, _ token: String, _ head: HTTPRequestHead) -> Answer {
    switch what.split(separator: " ")[0] {
    case "activate":
      return .json(ActivationShape(status: "success", message: "m", thingToken: "t\(log.count)"), status: 201)
    case "write", "report": return .json(CreatedShape(status: "success", message: "created"), status: 201)
    case "poll":
      let isDone = ended.withLock { $0.contains(token) }
      let offer = LatestFirmware(
        _id: "f", version: Self.version, mcu: "u", sequence: 1, size: Int64(image.count), sha256: digest, url: "/", update: true
      )
      return .json(LatestFirmwares(status: "success", firmwares: isDone ? [] : [offer], retryAfter: retryAfter))
    case "range":
      let bounds = what.dropFirst(6).split(separator: "-").compactMap { Int($0) }
      return Answer(
        status: 206, headers: [("ETag", "\"e\""), ("Content-Range", "bytes \(bounds[0])-\(bounds[1])/\(image.count)")],
        body: Array(image[bounds[0]...bounds[1]]))
    default: return .refusal(404)
    }
  }

  private static func name(_ head: HTTPRequestHead, _ body: [UInt8]) -> String {
    let parts = head.uri.split(separator: "?", maxSplits: 1)
    if let range = head.headers.first(name: "Range") { return "range \(range.dropFirst("bytes=".count))" }
    if parts[0].hasSuffix("/firmwares/latest") {
      let query = URLComponents(string: head.uri)?.queryItems ?? []
      return (["poll"] + ["version", "boot"].compactMap { name in query.first { $0.name == name }?.value })
        .joined(separator: " ")
    }
    guard head.method == .POST, head.uri.hasPrefix("/v2/things") else { return "\(head.method.rawValue) \(parts[0])" }
    guard let values = try? JSONDecoder().decode(ResourceWrite.self, from: Data(body)).values else { return "activate" }
    guard values[0].key == "$firmware", case .string(let status)? = values[0].value["status"] else { return "write" }
    return "report \(status)"
  }
}

private final class FleetHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let server: ScriptedFleetServer
  private var head: HTTPRequestHead?
  private var body: [UInt8] = []

  init(_ server: ScriptedFleetServer) { self.server = server }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): (self.head, body) = (head, [])
    case .body(let bytes): body += Array(bytes.readableBytesView)
    case .end:
      guard let head else { return }
      write(server.answer(head, body), context)
    }
  }

  private func write(_ answer: ScriptedFleetServer.Answer, _ context: ChannelHandlerContext) {
    var headers = HTTPHeaders(answer.headers)
    headers.add(name: "Content-Length", value: "\(answer.body.count)")
    let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    let sent = answer.cutAfter.map { answer.body.prefix($0) } ?? answer.body[...]
    let written = context.eventLoop.makePromise(of: Void.self)
    context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: sent)))), promise: written)
    if answer.cutAfter == nil { return context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil) }
    let channel = context.channel
    written.futureResult.whenComplete { _ in channel.close(promise: nil) }
  }
}
