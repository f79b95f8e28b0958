import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// A connection to a mail server, from any task.
struct SMTPConnection: Sendable {
  private let channel: any Channel
  private let dialogue: NIOLoopBound<SMTPDialogue>

  /// - Parameter tls: makes the handler of a connection that is TLS from its first byte; nil for the others.
  /// - Throws: `MailError` (`connection`, `timeout`).
  static func open(
    _ server: SMTPServer, _ cancellation: Cancellation, tls: (@Sendable () throws -> NIOSSLClientHandler)?
  ) async throws -> SMTPConnection {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let outcome = loop.makePromise(of: SMTPConnection.self)
    // Of each address that is tried. A channel that has ended already has none any more, and its dialogue knows why.
    let dialogues = NIOLoopBoundBox.makeBoxSendingValue([ObjectIdentifier: SMTPDialogue](), eventLoop: loop)
    cancellation.onCancel { outcome.fail(CancellationError()) }
    let bootstrap = ClientBootstrap(group: loop).connectTimeout(server.limits.connect).channelOption(
      .tcpOption(.tcp_nodelay), value: 1
    )
    .channelInitializer { channel in
      cancellation.onCancel { channel.close(promise: nil) }
      return channel.eventLoop.makeCompletedFuture {
        if let tls { try channel.pipeline.syncOperations.addHandler(try tls()) }
        let dialogue = SMTPDialogue()
        try channel.pipeline.syncOperations.addHandler(dialogue)
        dialogues.value[ObjectIdentifier(channel)] = dialogue
      }
    }
    bootstrap.connect(host: server.host, port: server.port).flatMapThrowing { channel in
      guard let dialogue = dialogues.value[ObjectIdentifier(channel)] else { throw ChannelError.ioOnClosedChannel }
      return SMTPConnection(channel: channel, dialogue: NIOLoopBound(dialogue, eventLoop: channel.eventLoop))
    }.cascade(to: outcome)
    do { return try await outcome.futureResult.get() } catch let error as ChannelError {
      guard case .connectTimeout = error else { throw Self.unreachable(server, error) }
      throw MailError(.timeout, "\(server.host) port \(server.port) does not answer")
    } catch let error as CancellationError {
      throw error
    } catch {
      throw Self.unreachable(server, error)
    }
  }

  private static func unreachable(_ server: SMTPServer, _ error: any Error) -> MailError {
    MailError(.connection, "cannot connect to \(server.host) port \(server.port): \(error)")
  }

  /// Sends a command and waits for its reply.
  /// - Parameters:
  ///   - command: bytes with their line break; nil waits for the greeting.
  ///   - step: what is done, for the error: never the command itself, which may hold a password.
  func ask(_ command: [UInt8]?, within limit: TimeAmount, _ step: String) async throws -> SMTPReply {
    let bytes = command.map { ByteBuffer(bytes: $0) }
    return try await channel.eventLoop.flatSubmit { [channel, dialogue] in
      dialogue.value.reply(to: bytes, on: channel, within: limit, step)
    }.get()
  }

  func beginTLS(_ handler: @escaping @Sendable () throws -> NIOSSLClientHandler) async throws {
    try await channel.eventLoop.submit { [channel, dialogue] in
      try dialogue.value.beginTLS(try handler(), on: channel)
    }.get()
  }

  func close() async { try? await channel.close() }

  /// Our end of the connection as EHLO names it where we have no name: `[192.0.2.1]` (RFC 5321 section 4.1.3).
  var localName: String {
    guard let address = channel.localAddress, let text = address.ipAddress else { return "[127.0.0.1]" }
    return address.protocol == .inet6 ? "[IPv6:\(text)]" : "[\(text)]"
  }

  /// What a cancelled task breaks off.
  final class Cancellation: Sendable {
    private struct State {
      var actions: [@Sendable () -> Void] = []
      var isCancelled = false
    }

    private let state = Mutex(State())

    /// The action is run at once where it is too late already.
    func onCancel(_ action: @escaping @Sendable () -> Void) {
      let isLate = state.withLock { state in
        if !state.isCancelled { state.actions.append(action) }
        return state.isCancelled
      }
      if isLate { action() }
    }

    func cancel() {
      let actions = state.withLock { state in
        state.isCancelled = true
        defer { state.actions = [] }
        return state.actions
      }
      for action in actions { action() }
    }
  }
}
