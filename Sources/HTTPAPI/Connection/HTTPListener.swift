import Doorstep
public import Logging
public import NIOCore
import NIOPosix
public import ServiceLifecycle

/// Takes connections at one address, and serves each of them on an event loop of its own choice. What is not encrypted comes by
/// a `Doorstep`, where what is asked for once alone is answered; it gets a channel, with its handlers, only if it is for more.
///
/// A connection costs a task only once the framework has something to answer on it: what the connection answers by itself, and
/// streams, need none. When it is told to stop it takes no more connections, lets go those that have nothing under way, and
/// waits for the others; when its task is cancelled it closes them all.
public struct HTTPListener: Service {
  private static let backlog: CInt = 4096

  private let connections: FirmamentHTTP1Channel
  private let host: String
  private let port: Int
  private let tls: (any TLSProvider)?
  private let group: any EventLoopGroup
  private let log: Logger
  private let whenListening: @Sendable (_ port: Int) -> Void

  /// - Parameters:
  ///   - connections: what each connection is made of.
  ///   - port: 0 takes a free one.
  ///   - tls: nil for connections that are not encrypted.
  ///   - group: the event loops; nil for those that the process shares, one for each processor.
  ///   - whenListening: told the port once connections are taken.
  public init(
    connections: FirmamentHTTP1Channel, host: String, port: Int, tls: (any TLSProvider)? = nil,
    group: (any EventLoopGroup)? = nil, log: Logger, whenListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
  ) {
    self.connections = connections
    self.host = host
    self.port = port
    self.tls = tls
    self.group = group ?? MultiThreadedEventLoopGroup.singleton
    self.log = log
    self.whenListening = whenListening
  }

  /// Returns once it was told to stop and the last connection has ended.
  /// - Throws: what the system said where the address cannot be listened at, an `IOError` most often.
  public func run() async throws {
    let open = OpenConnections()
    let entrance = try await enter(open)
    whenListening(entrance.port)
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        await entrance.closed()
      } onGracefulShutdown: {
        entrance.close()
      }
      open.quiesce()
      await open.allEnded()
    } onCancel: {
      entrance.close()
      open.closeAll()
    }
  }

  /// Where connections come in.
  private struct Entrance: Sendable {
    let port: Int
    let close: @Sendable () -> Void
    let closed: @Sendable () async -> Void
  }

  private func enter(_ open: OpenConnections) async throws -> Entrance {
    if let hot = connections.hot, tls == nil { return try enter(open, hot) }
    let server = try await bind(open)
    return Entrance(
      port: server.localAddress?.port ?? port, close: { server.close(promise: nil) },
      closed: { try? await server.closeFuture.get() })
  }

  /// By a doorstep: what is not encrypted is known by its first bytes, and most of it is answered by them.
  private func enter(_ open: OpenConnections, _ hot: HotAnswers) throws -> Entrance {
    let address = try SocketAddress.makeAddressResolvingHost(host, port: port)
    do {
      let listening = try address.withSockAddr { pointer, length in
        try ListeningSocket(at: UnsafeRawBufferPointer(start: pointer, count: length), backlog: Self.backlog)
      }
      let arrivals = Arrivals(hot: hot, open: open, group: group, log: log) { try begin($0, open) }
      let doorstep = try Doorstep(
        listening, threads: System.coreCount,
        patience: UInt64(connections.limits.idleTimeout.nanoseconds), taker: arrivals)
      return Entrance(port: listening.port, close: { doorstep.close() }, closed: { await doorstep.closed() })
    } catch let failure as ListeningSocket.Failure {
      throw IOError(errnoCode: failure.errorNumber, reason: "listening at \(host) port \(port)")
    }
  }

  private func bind(_ open: OpenConnections) async throws -> any Channel {
    // What is accepted inherits TCP_NODELAY, which NIO sets.
    try await ServerBootstrap(group: group)
      .serverChannelOption(.backlog, value: Self.backlog)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { [log] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(AcceptFailureHandler(AcceptFailures(log: log)))
        }
      }
      .childChannelInitializer { channel in
        do {
          try begin(channel, open)
          return channel.eventLoop.makeSucceededVoidFuture()
        } catch {
          return channel.eventLoop.makeFailedFuture(error)
        }
      }
      .bind(host: host, port: port).get()
  }

  /// Makes a connection of what was accepted, on its event loop.
  @Sendable private func begin(_ channel: any Channel, _ open: OpenConnections) throws {
    do {
      // Half a connection is none under TLS: what is left of it would wait for its time-out.
      try channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: tls == nil)
      if let tls { try channel.pipeline.syncOperations.addHandler(tls.makeHandler(for: channel)) }
      let connection = try connections.begin(channel, log)
      open.add(channel)
      connection.use.whenSuccess { use in
        guard case .requests(let parts) = use else { return }
        open.begin(on: channel) { await connections.answer(parts, on: connection, logger: log) }
      }
    } catch {
      log.warning("a connection could not be begun", metadata: ["error": "\(error)"])
      throw error
    }
  }
}
