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
  private let live: LiveServing?
  private let direct: DirectAnswers?
  private let limits: ConnectionLimits
  private let lenientLineEndings: Bool
  private let streams = OpenStreams()

  /// - Parameters:
  ///   - live: what streams are made of; nil where there are none.
  ///   - direct: what is answered without the responder, where it would answer the same.
  ///   - lenientLineEndings: whether request heads may end their lines with bare line feeds. Never behind a proxy, which may
  ///     see other requests in the same bytes.
  public init(
    responder: @escaping HTTPChannelHandler.Responder, live: LiveServing? = nil,
    direct: DirectAnswers? = nil, limits: ConnectionLimits = ConnectionLimits(), lenientLineEndings: Bool = false
  ) {
    self.responder = responder
    self.live = live
    self.direct = direct
    self.limits = limits
    self.lenientLineEndings = lenientLineEndings
  }

  /// Only what every connection needs: what the framework needs is added with the first request that it answers.
  public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      let handlers = ProtocolHandlers(limits: limits, lenientLineEndings: lenientLineEndings)
      try handlers.add(to: pipeline)
      let codec = HTTP1ToHTTPServerCodec(secure: false)
      let use = channel.eventLoop.makePromise(of: FirmamentConnection.Use.self)
      let front = ConnectionFront(
        handlers: handlers, codec: codec, live: live, direct: direct, limits: limits, streams: streams, log: logger,
        use: use)
      do { try pipeline.addHandlers([codec, front] as [any ChannelHandler]) } catch {
        use.succeed(.nothing)
        throw error
      }
      return FirmamentConnection(channel: channel, use: use.futureResult)
    }
  }

  public func handle(value: Value, logger: Logger) async {
    let use = await withTaskCancellationHandler {
      try? await value.use.get()
    } onCancel: {
      value.channel.close(promise: nil)
    }
    switch use {
    case .requests(let parts): await handleHTTP(asyncChannel: parts, logger: logger)
    case .stream(let allEnded): try? await allEnded?.get()
    case .nothing, nil: break
    }
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
  func add(to pipeline: ChannelPipeline.SynchronousOperations) throws {
    try pipeline.addHandlers([deadlines, lineEndings, encoder, decoder, progress] as [any ChannelHandler])
  }

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
