import FirmwareService
import Foundation
import Hummingbird
import HummingbirdCore
import LiveChannels
import NIOCore
import ServiceLifecycle
import Synchronization
import Testing

@testable import HTTPAPI

/// The listener with connections and answers of the tests' own. No deadline of a connection comes before the tests are over.
@Suite("A listener", .timeLimit(.minutes(10)))
struct HTTPListenerTests {
  /// Holds every request until it is let go.
  private final class Gate: Sendable {
    private let (entered, enter) = AsyncStream.makeStream(of: Void.self)
    private let (opened, open) = AsyncStream.makeStream(of: Void.self)

    /// Waits for a request to come.
    func requestHasCome() async { _ = await entered.first { true } }

    func letGo() { open.yield() }

    /// - Throws: `CancellationError` where the waiting task is cancelled.
    func pass() async throws {
      enter.yield()
      for await _ in opened { return }
      throw CancellationError()
    }
  }

  private static func connections(
    _ pass: @escaping @Sendable () async throws -> Void = {}
  ) -> FirmamentHTTP1Channel {
    FirmamentHTTP1Channel(
      responder: { _, writer, _ in
        try await pass()
        try await writer.write(
          response: .init(status: .ok, headerFields: [.contentLength: "2"]), body: .init(byteBuffer: ByteBuffer(string: "ok")))
      }, limits: .patient)
  }

  /// Waits until connections are refused.
  private static func refused(at port: Int) async throws {
    while (try? WireClient(port: port)) != nil { try await Task.sleep(for: .milliseconds(5)) }
  }

  @Test("that is stopped lets go at once those that have nothing under way")
  func idle() async throws {
    let run = try await ListenerRun.start(Self.connections())
    var clients: [WireClient] = []
    for number in 0..<20 {
      let client = try WireClient(port: run.port)
      clients.append(client)
      switch number % 3 {
      case 0: break
      case 1: client.send("GET / HT")
      default:
        client.get("/")
        _ = try await client.read(through: "\r\n\r\nok")
      }
    }
    // Taken in the order in which they came: with the last answer all have been.
    await run.stop()
    try await run.ended()
    for client in clients { #expect(try await client.readToEnd().isEmpty) }
  }

  @Test("that is stopped answers what is under way, takes nothing new, and ends after it")
  func requestInProgress() async throws {
    let gate = Gate()
    let run = try await ListenerRun.start(Self.connections { try await gate.pass() })
    let ended = Mutex(false)
    let end = Task {
      try await run.ended()
      ended.withLock { $0 = true }
    }
    let client = try WireClient(port: run.port)
    client.get("/")
    await gate.requestHasCome()
    await run.stop()
    try await Self.refused(at: run.port)
    #expect(!ended.withLock { $0 })
    gate.letGo()
    let answer = String(decoding: try await client.readToEnd(), as: UTF8.self)
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n") && answer.hasSuffix("\r\n\r\nok"), "\(answer)")
    #expect(answer.contains("Connection: close\r\n"), "\(answer)")
    try await end.value
  }

  @Test("whose task is cancelled closes its connections and ends what is done for them")
  func cancelled() async throws {
    let gate = Gate()
    let run = try await ListenerRun.start(Self.connections { try await gate.pass() })
    let (idle, busy) = (try WireClient(port: run.port), try WireClient(port: run.port))
    busy.get("/")
    await gate.requestHasCome()
    run.cancel()
    _ = try? await run.ended()
    #expect(try await idle.readToEnd().isEmpty)
    #expect(try await busy.readToEnd().isEmpty)
    #expect((try? WireClient(port: run.port)) == nil)
  }

  @Test("that is stopped ends its streams properly, though no task belongs to one")
  func streams() async throws {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate()
    let run = try await ListenerRun.start(test.application().connections)
    var streams: [WireClient] = []
    for _ in 0..<3 {
      let client = try WireClient(port: run.port)
      client.get("/v2/things/\(token)")
      _ = try await client.read(through: "subscribed\"}\r\n")
      streams.append(client)
    }
    await run.stop()
    for stream in streams { #expect(String(decoding: try await stream.readToEnd(), as: UTF8.self) == "0\r\n\r\n") }
    try await run.ended()
    #expect(test.service.live.subscriptionCount == 0)
  }

  @Test("answers pipelined requests and later ones of many connections at the same time")
  func many() async throws {
    let run = try await ListenerRun.start(Self.connections())
    let clients = try (0..<50).map { _ in try WireClient(port: run.port) }
    for round in 0..<3 {
      for client in clients { for _ in 0...round { client.get("/") } }
      for client in clients { for _ in 0...round { _ = try await client.read(through: "\r\n\r\nok") } }
    }
    for client in clients.dropLast() { client.close() }
    await run.stop()
    try await run.ended()
    #expect(try await clients[49].readToEnd().isEmpty)
  }

  @Test("that finds its port taken ends with what the system says")
  func taken() async throws {
    let run = try await ListenerRun.start(Self.connections())
    let second = HTTPListener(
      connections: Self.connections(), host: "127.0.0.1", port: run.port, log: ServedApplication.silence)
    let error = await #expect(throws: IOError.self) { try await second.run() }
    #expect(error?.errnoCode == EADDRINUSE)
    await run.stop()
    try await run.ended()
  }

  @Test("closes a connection for which no TLS handler can be made, and goes on")
  func noHandler() async throws {
    struct Refusal: Error {}
    struct Every: TLSProvider {
      func makeHandler(for channel: any Channel) throws -> any ChannelHandler & RemovableChannelHandler { throw Refusal() }
    }
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let listener = HTTPListener(
      connections: Self.connections(), host: "127.0.0.1", port: 0, tls: Every(), log: ServedApplication.silence,
      whenListening: { port.yield($0) })
    let group = ServiceGroup(services: [listener], logger: ServedApplication.silence)
    let task = Task { try await group.run() }
    let first = await ports.first { _ in true }
    for _ in 0..<3 {
      let client = try WireClient(port: first)
      // Nothing is made for a client that says nothing.
      client.send([0x16])
      #expect(try await client.readToEnd().isEmpty)
    }
    await group.triggerGracefulShutdown()
    try await task.value
  }
}
