import APIClient
import APIContract
import Domain
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

@testable import firmament

/// A server that gives prepared answers one after the other, and keeps what it was asked. The last answer is given for ever.
final class AnsweringServer: Sendable {
  struct Answer: Sendable {
    let status: Int
    let body: String

    static func shape(_ shape: some Encodable) throws -> Answer { Answer(status: 200, body: try OutputRendering.json(shape)) }

    static func refusal(_ status: Int, _ detail: String) throws -> Answer {
      let problem = Problem(code: "told", title: "t", status: status, detail: detail)
      return Answer(status: status, body: try OutputRendering.json(problem))
    }
  }

  fileprivate struct State: Sendable {
    var answers: [Answer]
    var requests: [String] = []
  }

  fileprivate let state: Mutex<State>

  /// `POST /api/v1/rollouts {"model":"m"}`.
  var requests: [String] { state.withLock { $0.requests } }

  init(_ answers: [Answer]) { state = Mutex(State(answers: answers)) }

  /// Runs a command against it, and gives what it printed.
  func output(of command: some ServerCommand) async throws -> String {
    let channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.configureHTTPServerPipeline()
          try channel.pipeline.syncOperations.addHandler(AnsweringHandler(self))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let printed = PrintedText()
    let rendering = OutputRendering(json: command.server.output.json, write: printed.add)
    let address = try ServerAddress("http://127.0.0.1:\(channel.localAddress?.port ?? 0)")
    do {
      try await ServerConnection.with(address) { try await command.run(OperatorClient($0, token: "t"), rendering) }
    } catch {
      try await channel.close()
      throw error
    }
    try await channel.close()
    return printed.text
  }
}

/// What a command has printed so far.
final class PrintedText: Sendable {
  private let parts = Mutex<[String]>([])

  var all: [String] { parts.withLock { $0 } }
  var text: String { all.joined() }

  @Sendable func add(_ part: String) { parts.withLock { $0.append(part) } }
}

private final class AnsweringHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  private let server: AnsweringServer
  private var request = ""
  private var body = ByteBuffer()

  init(_ server: AnsweringServer) { self.server = server }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): (request, body) = ("\(head.method.rawValue) \(head.uri)", ByteBuffer())
    case .body(var bytes): body.writeBuffer(&bytes)
    case .end: answer(context)
    }
  }

  private func answer(_ context: ChannelHandlerContext) {
    let sent = body.readableBytes == 0 ? "" : " " + String(buffer: body)
    let answer = server.state.withLock { state in
      state.requests.append(request + sent)
      return state.answers.count > 1 ? state.answers.removeFirst() : state.answers[0]
    }
    let headers = HTTPHeaders([("Content-Length", "\(answer.body.utf8.count)")])
    let head = HTTPResponseHead(version: .http1_1, status: .init(statusCode: answer.status), headers: headers)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: answer.body)))), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
