public import HummingbirdCore
public import Logging
public import NIOCore
import NIOHTTP1
public import NIOHTTPTypes
import NIOHTTPTypesHTTP1

/// One HTTP/1.1 connection: Hummingbird's `HTTP1Channel` with `ConnectionLimits`, and ears for clients that end lines with a
/// bare line feed. It closes a connection only after the client has had time to read the last response.
public struct FirmamentHTTP1Channel: ServerChildChannel, HTTPChannelHandler {
  public typealias Value = NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>

  public let responder: HTTPChannelHandler.Responder
  private let limits: ConnectionLimits

  public init(responder: @escaping HTTPChannelHandler.Responder, limits: ConnectionLimits = ConnectionLimits()) {
    self.responder = responder
    self.limits = limits
  }

  public func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      try Self.addHandlers(to: channel.pipeline.syncOperations, limits: limits)
      return try NIOAsyncChannel(
        wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
    }
  }

  public func handle(value: Value, logger: Logger) async {
    await handleHTTP(asyncChannel: value, logger: logger)
  }

  /// From the network inwards. Pipelined requests are answered in order by whoever reads the last handler's parts one by one.
  static func addHandlers(to pipeline: ChannelPipeline.SynchronousOperations, limits: ConnectionLimits) throws {
    try addProtocolHandlers(to: pipeline, limits: limits)
    try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
  }

  /// Those that speak in NIO's own request and response parts, which is where a handler that answers by itself belongs.
  static func addProtocolHandlers(
    to pipeline: ChannelPipeline.SynchronousOperations, limits: ConnectionLimits,
    deadlines: RequestDeadlineHandler? = nil
  ) throws {
    var decoderLimits = NIOHTTPDecoderLimitConfiguration()
    decoderLimits.maxHeaderFieldSize = limits.maximumHeaderFieldBytes
    decoderLimits.maxHeaderListSize = limits.maximumHeaderBytes
    decoderLimits.maxHeaderFieldCount = limits.maximumHeaderFields
    let deadlines = deadlines ?? RequestDeadlineHandler(limits: limits)
    let lineEndings = LineEndingHandler()
    try pipeline.addHandlers(
      [
        deadlines,
        lineEndings,
        HTTPResponseEncoder(),
        ByteToMessageHandler(HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoderLimits)),
        RequestProgressHandler(lineEndings: lineEndings, deadlines: deadlines),
      ] as [any ChannelHandler])
  }
}
