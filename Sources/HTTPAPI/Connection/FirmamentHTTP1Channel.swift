public import HummingbirdCore
public import Logging
public import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// One HTTP/1.1 connection: Hummingbird's `HTTP1Channel` with `ConnectionLimits`, and with streams that are written from the
/// event loop. It closes a connection only after the client has had time to read the last response.
public struct FirmamentHTTP1Channel: ServerChildChannel, HTTPChannelHandler {
  public typealias Value = FirmamentConnection

  public let responder: HTTPChannelHandler.Responder
  private let shared: ConnectionSetup

  /// What is answered from bytes; nil where nothing is.
  var hot: HotAnswers? { shared.hot }
  var limits: ConnectionLimits { shared.limits }

  /// - Parameters:
  ///   - live: what streams are made of; nil where there are none.
  ///   - direct: what is answered without the responder, where it would answer the same: from the bytes as they were read where
  ///     that can be, else behind the decoder.
  ///   - lenientLineEndings: whether request heads may end their lines with bare line feeds. Never behind a proxy, which may
  ///     see other requests in the same bytes.
  public init(
    responder: @escaping HTTPChannelHandler.Responder, live: LiveServing? = nil,
    direct: DirectAnswers? = nil, limits: ConnectionLimits = ConnectionLimits(), lenientLineEndings: Bool = false
  ) {
    self.init(
      responder: responder, live: live, direct: direct, hot: direct.map { HotAnswers($0) }, limits: limits,
      lenientLineEndings: lenientLineEndings)
  }

  /// - Parameter hot: what is answered from bytes.
  init(
    responder: @escaping HTTPChannelHandler.Responder, live: LiveServing?, direct: DirectAnswers?, hot: HotAnswers?,
    limits: ConnectionLimits, lenientLineEndings: Bool
  ) {
    self.responder = responder
    shared = ConnectionSetup(live: live, direct: direct, hot: hot, limits: limits, lenientLineEndings: lenientLineEndings)
  }

  /// Only what every connection needs: what HTTP needs is added with the first request that is not answered from its bytes, and
  /// what the framework needs with the first that it answers. Where connections are encrypted, their handler for that is there.
  public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture { try begin(channel, logger) }
  }

  /// The same at once; on the event loop.
  func begin(_ channel: any Channel, _ log: Logger) throws -> FirmamentConnection {
    let use = channel.eventLoop.makePromise(of: FirmamentConnection.Use.self)
    let secure = SecureConnection.of(channel.pipeline.syncOperations)
    try shared.begin(channel, secure, log: log, use: use)
    return FirmamentConnection(channel: channel, use: use.futureResult, secure: secure)
  }

  /// Answers what the framework is needed for on one connection, up to its end; returns at once where it is needed for nothing.
  /// `HTTPListener` knows that before, and has no task wait here.
  public func handle(value: Value, logger: Logger) async {
    guard case .requests(let parts)? = try? await value.use.get() else { return }
    await answer(parts, on: value, logger: logger)
  }

  /// Answers requests by the framework, up to the end of their connection.
  func answer(_ parts: FirmamentConnection.Parts, on connection: FirmamentConnection, logger: Logger) async {
    await SecureConnection.$current.withValue(connection.secure) { await handleHTTP(asyncChannel: parts, logger: logger) }
  }
}

/// The handlers that speak in NIO's own request and response parts, which is where a handler that answers by itself belongs.
struct ProtocolHandlers {
  let deadlines: RequestDeadlineHandler
  let lineEndings: LineEndingHandler
  let encoder = HTTPResponseEncoder()
  let decoder: ByteToMessageHandler<HTTPRequestDecoder>
  let progress: RequestProgressHandler

  init(limits: ConnectionLimits, lenientLineEndings: Bool, deadlines: RequestDeadlineHandler? = nil) {
    var decoderLimits = NIOHTTPDecoderLimitConfiguration()
    decoderLimits.maxHeaderFieldSize = limits.maximumHeaderFieldBytes
    decoderLimits.maxHeaderListSize = limits.maximumHeaderBytes
    decoderLimits.maxHeaderFieldCount = limits.maximumHeaderFields
    self.deadlines = deadlines ?? RequestDeadlineHandler(limits: limits)
    lineEndings = LineEndingHandler(isLenient: lenientLineEndings)
    // What follows a request for another protocol belongs to that protocol.
    decoder = ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: decoderLimits))
    progress = RequestProgressHandler(lineEndings: lineEndings, deadlines: self.deadlines)
  }

  /// From the network inwards.
  var inOrder: [any ChannelHandler] { [deadlines, lineEndings, encoder, decoder, progress] }

  /// Takes out all but the deadlines, which hold back what is read until `decoder` is gone: it goes last, in a later turn of
  /// the loop, and its rest goes to the handler that is behind it then.
  func remove(and codec: HTTP1ToHTTPServerCodec, from pipeline: ChannelPipeline.SynchronousOperations) {
    deadlines.holdReads()
    for handler in [codec, progress, encoder, lineEndings] as [any RemovableChannelHandler] {
      pipeline.removeHandler(handler, promise: nil)
    }
    pipeline.removeHandler(decoder).assumeIsolatedUnsafeUnchecked().whenComplete { [deadlines] _ in deadlines.releaseReads() }
  }
}
