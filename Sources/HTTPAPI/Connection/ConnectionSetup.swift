import Logging
import NIOCore
import NIOHTTPTypesHTTP1

/// What the connections of one listener share, and how each of them begins.
final class ConnectionSetup: Sendable {
  let hot: HotAnswers?
  let limits: ConnectionLimits
  private let live: LiveServing?
  private let direct: DirectAnswers?
  private let lenientLineEndings: Bool
  private let loops: HotLoops

  init(
    live: LiveServing?, direct: DirectAnswers?, hot: HotAnswers?, limits: ConnectionLimits, lenientLineEndings: Bool
  ) {
    self.live = live
    self.direct = direct
    self.hot = hot
    self.limits = limits
    self.lenientLineEndings = lenientLineEndings
    loops = HotLoops(limits: limits)
  }

  /// Only what every connection needs; on its event loop.
  /// - Parameters:
  ///   - secure: nil where it is not encrypted.
  ///   - use: told what becomes of the connection, in any case.
  func begin(
    _ channel: any Channel, _ secure: SecureConnection?, log: Logger, use: EventLoopPromise<FirmamentConnection.Use>
  ) throws {
    let pipeline = channel.pipeline.syncOperations
    guard let hot else { return try addProtocol(to: pipeline, secure, log: log, use: use) }
    let handler = HotPathHandler(
      answers: hot, setup: self, loop: loops[channel.eventLoop], secure: secure, log: log, use: use)
    do { try pipeline.addHandler(handler) } catch {
      use.succeed(.nothing)
      throw error
    }
  }

  /// Adds what speaks HTTP. What the framework needs is added with the first request that it answers.
  /// - Parameters:
  ///   - first: behind this handler; behind all where there is none.
  ///   - secure, use: as in `begin`.
  func addProtocol(
    to pipeline: ChannelPipeline.SynchronousOperations, behind first: HotPathHandler? = nil, _ secure: SecureConnection?,
    log: Logger, use: EventLoopPromise<FirmamentConnection.Use>
  ) throws {
    let handlers = ProtocolHandlers(limits: limits, lenientLineEndings: lenientLineEndings)
    let codec = HTTP1ToHTTPServerCodec(secure: secure != nil)
    let front = ConnectionFront(
      handlers: handlers, codec: codec, live: live, direct: direct, limits: limits, log: log, use: use,
      secure: secure)
    let all = handlers.inOrder + [codec, front]
    do {
      if let first { try pipeline.addHandlers(all, position: .after(first)) } else { try pipeline.addHandlers(all) }
    } catch {
      use.succeed(.nothing)
      throw error
    }
  }
}
