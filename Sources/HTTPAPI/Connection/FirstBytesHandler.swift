import Doorstep
import NIOCore

/// Sends what a connection is owed from before it had a pipeline, hands on what was read of it, as soon as it is active, and is
/// gone.
final class FirstBytesHandler: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let connection: HandedConnection

  init(_ connection: HandedConnection) { self.connection = connection }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    if !connection.unsent.isEmpty { send(context) }
    if !connection.unread.isEmpty {
      context.fireChannelRead(wrapInboundOut(ByteBuffer(bytes: connection.unread)))
      context.fireChannelReadComplete()
    }
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  private func send(_ context: ChannelHandlerContext) {
    let sent = context.eventLoop.makePromise(of: Void.self)
    if connection.isLast {
      let channel = context.channel
      sent.futureResult.whenComplete { _ in channel.close(promise: nil) }
    }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: connection.unsent)), promise: sent)
  }
}
