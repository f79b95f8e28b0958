import Doorstep
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle

/// Takes connections at one address by a `Doorstep`. What is not encrypted and asked for once alone is answered there; any
/// other connection gets a channel, with its handlers, as soon as its client has said something. `EventLoopChoice` says where.
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
  /// Of those that the process shares, one for each processor.
  private let loops: EventLoopChoice
  private let log: Logger
  private let whenListening: @Sendable (_ port: Int) -> Void

  /// - Parameters:
  ///   - connections: what each connection is made of.
  ///   - port: 0 takes a free one.
  ///   - tls: nil for connections that are not encrypted.
  ///   - whenListening: told the port once connections are taken.
  public init(
    connections: FirmamentHTTP1Channel, host: String, port: Int, tls: (any TLSProvider)? = nil,
    log: Logger, whenListening: @escaping @Sendable (_ port: Int) -> Void = { _ in }
  ) {
    self.connections = connections
    self.host = host
    self.port = port
    self.tls = tls
    loops = EventLoopChoice(Array(MultiThreadedEventLoopGroup.singleton.makeIterator()))
    self.log = log
    self.whenListening = whenListening
  }

  /// Returns once it was told to stop and the last connection has ended.
  /// - Throws: what the system said where the address cannot be listened at, an `IOError` most often.
  public func run() async throws {
    let open = OpenConnections()
    let (doorstep, port) = try enter(open)
    whenListening(port)
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        await doorstep.closed()
      } onGracefulShutdown: {
        doorstep.close()
      }
      open.quiesce()
      await open.allEnded()
    } onCancel: {
      doorstep.close()
      open.closeAll()
    }
  }

  /// The doorstep, and its port.
  private func enter(_ open: OpenConnections) throws -> (doorstep: Doorstep, port: Int) {
    let address = try SocketAddress.makeAddressResolvingHost(host, port: port)
    do {
      let listening = try address.withSockAddr { pointer, length in
        try ListeningSocket(at: UnsafeRawBufferPointer(start: pointer, count: length), backlog: Self.backlog)
      }
      // Nothing can be read of what is encrypted.
      let hot = tls == nil ? connections.hot : nil
      let arrivals = Arrivals(hot: hot, open: open, loops: loops, log: log) { try begin($0, open) }
      let patience = tls == nil ? connections.limits.idleTimeout : connections.limits.handshakeTimeout
      let doorstep = try Doorstep(
        listening, threads: hot == nil ? 1 : System.coreCount, patience: UInt64(patience.nanoseconds), taker: arrivals)
      return (doorstep, listening.port)
    } catch let failure as ListeningSocket.Failure {
      throw IOError(errnoCode: failure.errorNumber, reason: "listening at \(host) port \(port)")
    }
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
