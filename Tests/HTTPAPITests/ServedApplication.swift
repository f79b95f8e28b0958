import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import ServiceLifecycle

@testable import HTTPAPI

/// A router and the connections before it, to be asked by either door.
struct ServedApplication: Sendable {
  static let silence = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

  let responder: RouterResponder<APIContext>
  let connections: FirmamentHTTP1Channel

  func test<Value: Sendable>(
    _ door: Door, _ body: @Sendable (ServedClient) async throws -> Value
  ) async throws -> Value {
    switch door {
    case .router:
      try await Application(responder: responder, logger: Self.silence).test(.router) { client in
        let routed = ServedClient(port: nil) { request, body in
          let answer = try await client.executeRequest(
            uri: request.path ?? "", method: request.method, headers: request.headerFields, body: body)
          return ServedClient.Answer(status: answer.status, headers: answer.headers, body: answer.body)
        }
        return try await body(routed)
      }
    case .socket: try await ListenerRun.with(connections, body)
    }
  }
}

/// Sends requests to a service one by one.
struct ServedClient: Sendable {
  struct Answer: Sendable {
    let status: HTTPResponse.Status
    let headers: HTTPFields
    let body: ByteBuffer
  }

  /// Where others may connect; nil where the service has no port.
  let port: Int?
  private let send: @Sendable (HTTPRequest, ByteBuffer?) async throws -> Answer

  init(port: Int?, send: @escaping @Sendable (HTTPRequest, ByteBuffer?) async throws -> Answer) {
    self.port = port
    self.send = send
  }

  func executeRequest(
    uri: String, method: HTTPRequest.Method, headers: HTTPFields = [:], body: ByteBuffer? = nil
  ) async throws -> Answer {
    let request = HTTPRequest(method: method, scheme: nil, authority: "localhost", path: uri, headerFields: headers)
    return try await send(request, body)
  }
}

/// A listener at work on a free port of this computer.
struct ListenerRun: Sendable {
  let port: Int
  private let group: ServiceGroup
  private let task: Task<Void, any Error>

  /// Returns once connections are taken.
  static func start(
    _ connections: FirmamentHTTP1Channel, tls: (any TLSProvider)? = nil
  ) async throws -> ListenerRun {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let listener = HTTPListener(
      connections: connections, host: "127.0.0.1", port: 0, tls: tls, log: ServedApplication.silence,
      whenListening: { port.yield($0) })
    let group = ServiceGroup(services: [listener], logger: ServedApplication.silence)
    let task = Task {
      defer { port.finish() }
      try await group.run()
    }
    guard let port = await ports.first(where: { _ in true }) else {
      try await task.value
      throw CancellationError()
    }
    return ListenerRun(port: port, group: group, task: task)
  }

  func stop() async { await group.triggerGracefulShutdown() }

  func cancel() { task.cancel() }

  /// Waits for the listener to end, and throws what it has thrown.
  func ended() async throws { try await task.value }

  /// Lets `body` ask by a client of its own, and returns when the listener has ended.
  static func with<Value: Sendable>(
    _ connections: FirmamentHTTP1Channel, _ body: @Sendable (ServedClient) async throws -> Value
  ) async throws -> Value {
    try await during(connections) { port in
      let connection = TestClient(host: "127.0.0.1", port: port, configuration: .init(timeout: .seconds(300)))
      connection.connect()
      let outcome = await outcome { try await body(client(connection, port)) }
      try await connection.shutdown()
      return try outcome.get()
    }
  }

  /// Lets `body` connect by itself, and returns when the listener has ended.
  static func during<Value: Sendable>(
    _ connections: FirmamentHTTP1Channel, tls: (any TLSProvider)? = nil,
    _ body: @Sendable (_ port: Int) async throws -> Value
  ) async throws -> Value {
    let listener = try await start(connections, tls: tls)
    let outcome = await outcome { try await body(listener.port) }
    await listener.stop()
    try await listener.ended()
    return try outcome.get()
  }

  private static func outcome<Value>(_ work: () async throws -> Value) async -> Result<Value, any Error> {
    do { return .success(try await work()) } catch { return .failure(error) }
  }

  private static func client(_ connection: TestClient, _ port: Int) -> ServedClient {
    ServedClient(port: port) { request, body in
      var request = TestClient.Request(
        request.path ?? "", method: request.method, authority: "localhost", headers: request.headerFields, body: body)
      request.head.headerFields[.connection] = "keep-alive"
      let answer = try await connection.execute(request)
      return ServedClient.Answer(
        status: answer.head.status, headers: answer.head.headerFields, body: answer.body ?? ByteBuffer())
    }
  }
}
