import NIOCore
import NIOWebSocket

/// Reads what a WebSocket client sends: pings are answered, a close is answered and ends the stream, and what breaks RFC 6455
/// closes it. Messages are not looked at, as there is nothing to tell a stream.
final class WebSocketReader: ChannelInboundHandler {
  typealias InboundIn = WebSocketFrame

  private let stream: LiveStreamHandler

  init(stream: LiveStreamHandler) { self.stream = stream }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let frame = unwrapInboundIn(data)
    guard frame.maskKey != nil, !frame.rsv1, !frame.rsv2, !frame.rsv3 else { return stream.end(nil, code: .protocolError) }
    stream.hear()
    switch frame.opcode {
    case .ping: stream.answer(opcode: 10, Array(frame.unmaskedData.readableBytesView))
    case .connectionClose: close(frame)
    case .pong, .text, .binary, .continuation: break
    default: stream.end(nil, code: .protocolError)
    }
  }

  /// Section 5.5.1: the answer repeats the code, where it is one that may be sent (section 7.4).
  private func close(_ frame: WebSocketFrame) {
    var payload = frame.unmaskedData
    guard payload.readableBytes > 0 else { return stream.end(nil, code: .normalClosure) }
    switch payload.readInteger(as: UInt16.self) {
    case let code? where (1000...1003).contains(code) || (1007...1014).contains(code) || (3000...4999).contains(code):
      stream.end(nil, code: WebSocketErrorCode(codeNumber: Int(code)))
    default: stream.end(nil, code: .protocolError)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? NIOWebSocketError else { return context.fireErrorCaught(error) }
    stream.end(nil, code: error == .invalidFrameLength ? .messageTooLarge : .protocolError)
  }
}
