import NIOCore
import NIOSSL

/// One connection's talk in turns: a command, its reply. A reply that nobody asked for is a fault, and so nothing that was said
/// before TLS can be taken for something said within it (CVE-2011-0411).
///
/// All of it happens on the connection's event loop.
final class SMTPDialogue: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private var parser = SMTPReplyParser()
  private var arrived = ByteBuffer()
  private var waiting: EventLoopPromise<SMTPReply>?
  private var deadline: Scheduled<Void>?
  /// A reply that came before it was asked for: right for the greeting alone.
  private var early: SMTPReply?
  private var failure: MailError?

  /// Waits for the next reply.
  /// - Parameters:
  ///   - command: what is sent before; nil for the greeting.
  ///   - step: what is done, for the error.
  func reply(
    to command: ByteBuffer?, on channel: any Channel, within limit: TimeAmount, _ step: String
  ) -> EventLoopFuture<SMTPReply> {
    if let failure { return channel.eventLoop.makeFailedFuture(failure) }
    if let early {
      self.early = nil
      if command == nil { return channel.eventLoop.makeSucceededFuture(early) }
      let code: MailError.Code = early.code == 421 ? .postponed : .protocolViolation
      return channel.eventLoop.makeFailedFuture(MailError(code, "the server said before it was asked: \(early.text)"))
    }
    let promise = channel.eventLoop.makePromise(of: SMTPReply.self)
    waiting = promise
    deadline = channel.eventLoop.assumeIsolated().scheduleTask(in: limit) { [self] in
      fail(MailError(.timeout, "the server did not answer to \(step) in time"))
      channel.close(promise: nil)
    }
    if let command { channel.writeAndFlush(command, promise: nil) }
    return promise.futureResult
  }

  /// Begins TLS: from here on every byte is read within it.
  func beginTLS(_ handler: NIOSSLClientHandler, on channel: any Channel) throws {
    guard arrived.readableBytes == 0, early == nil, !parser.isWithinReply else {
      throw MailError(.insecure, "the server spoke between its word to begin TLS and TLS: somebody may be in between")
    }
    if let failure { throw failure }
    try channel.pipeline.syncOperations.addHandler(handler, position: .first)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard failure == nil else { return }
    var piece = unwrapInboundIn(data)
    arrived.writeBuffer(&piece)
    do {
      while let reply = try parser.next(&arrived) { try take(reply) }
      arrived.discardReadBytes()
    } catch {
      fail(error as? MailError ?? MailError(.protocolViolation, "\(error)"))
      context.close(promise: nil)
    }
  }

  private func take(_ reply: SMTPReply) throws {
    guard let promise = waiting else {
      guard early == nil else { throw MailError(.protocolViolation, "the server speaks without being asked") }
      early = reply
      return
    }
    waiting = nil
    deadline?.cancel()
    promise.succeed(reply)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    fail(Self.failure(of: error))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    fail(MailError(.connection, "the server closed the connection"))
    context.fireChannelInactive()
  }

  private func fail(_ error: MailError) {
    guard failure == nil else { return }
    failure = error
    deadline?.cancel()
    waiting?.fail(error)
    waiting = nil
  }

  private static func failure(of error: any Error) -> MailError {
    switch error {
    case NIOSSLError.uncleanShutdown: MailError(.connection, "the server closed the connection within TLS")
    case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
      MailError(.insecure, "no TLS that can be trusted: \(error)")
    default: MailError(.connection, "the connection to the server broke: \(error)")
    }
  }
}
