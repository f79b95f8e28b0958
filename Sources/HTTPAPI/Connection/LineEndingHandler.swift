import NIOCore

/// Knows where request heads begin and end and, where it is lenient, lets those with bare line feeds through: it stands before
/// the HTTP decoder, which takes only CRLF, and adds the missing carriage returns (wire page, section 2.1 item 1). Bodies pass
/// unchanged, and so does every head whose request line ends with CRLF: a lone LF further down such a head is left for the
/// decoder to refuse, since to read it as a line end would be to see other fields than a proxy before us saw. Where it is
/// strict, every byte passes unchanged.
///
/// It holds no bytes back. Where a head or a body ends it knows from the decoder, by way of `RequestProgressHandler`; it hands
/// a head on in a read of its own, so that the decoder has told before the next byte is looked at.
final class LineEndingHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private enum State {
    /// In a head, or in the blank lines before one.
    case head(HeadScanner)
    /// The head has been handed on, and the decoder has not yet said what follows it.
    case decoding
    /// In a body of which so many bytes are still to come.
    case body(Int)
    /// In a chunked body, which the decoder delimits.
    case chunked
    /// The place of the next head in the bytes is not known. Everything passes unchanged from here on.
    case off
  }

  private let isLenient: Bool
  private var state = State.head(HeadScanner())

  init(isLenient: Bool) { self.isLenient = isLenient }

  /// Whether a request head has begun and not ended.
  var isInsideHead: Bool {
    if case .head(let scanner) = state { return scanner.hasBegun }
    return false
  }

  /// The decoder has read a head. `bodyLength` is nil for a chunked body.
  func headEnded(bodyLength: Int?) {
    switch state {
    case .decoding: state = bodyLength.map { .body($0) } ?? .chunked
    case .chunked: state = .off  // a pipelined request after a chunked one, somewhere in the same read
    case .head, .body, .off: break
    }
  }

  /// The decoder has read a request to its end.
  func requestEnded() {
    switch state {
    case .decoding, .body, .chunked: state = .head(HeadScanner())
    case .head, .off: break
    }
  }

  /// What follows is not HTTP/1.1.
  func stop() { state = .off }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var buffer = unwrapInboundIn(data)
    while buffer.readableBytes > 0 {
      switch state {
      case .head(var scanner):
        let length = scanner.scan(buffer.readableBytesView)
        var piece = take(length, from: &buffer)
        if isLenient, !scanner.bareLineFeeds.isEmpty {
          piece = scanner.withCarriageReturns(piece, allocator: context.channel.allocator)
        }
        scanner.bareLineFeeds.removeAll(keepingCapacity: true)
        state = scanner.hasEnded ? .decoding : .head(scanner)
        forward(piece, context: context)
      case .body(let rest):
        let length = min(rest, buffer.readableBytes)
        state = .body(rest - length)
        forward(take(length, from: &buffer), context: context)
        // The decoder ends the request with its last byte. That it did not means that it has failed.
        if case .body(0) = state { state = .off }
      case .chunked:
        forwardChunked(take(buffer.readableBytes, from: &buffer), context: context)
      case .decoding, .off:
        state = .off
        forward(take(buffer.readableBytes, from: &buffer), context: context)
      }
    }
  }

  /// When the body ended within these bytes, what follows it may be the start of a head that only the decoder has seen. No
  /// unfinished head ends with a blank line, so that if the bytes do, the next head begins with the next read.
  private func forwardChunked(_ bytes: ByteBuffer, context: ChannelHandlerContext) {
    let endsWithBlankLine = bytes.readableBytesView.suffix(4).elementsEqual(HeadScanner.end)
    forward(bytes, context: context)
    if case .head = state, !endsWithBlankLine { state = .off }
  }

  private func take(_ length: Int, from buffer: inout ByteBuffer) -> ByteBuffer {
    if length == buffer.readableBytes {
      defer { buffer = ByteBuffer() }
      return buffer
    }
    return buffer.readSlice(length: length) ?? ByteBuffer()
  }

  private func forward(_ bytes: ByteBuffer, context: ChannelHandlerContext) {
    context.fireChannelRead(wrapInboundOut(bytes))
  }
}
