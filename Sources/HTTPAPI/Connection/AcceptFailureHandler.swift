import Glibc
import NIOCore

/// Keeps a listener going when the system gives it no more connections, most often because the process may open no more files:
/// it says so, and tries again a little later. Without it the loop would do nothing but try, since those that wait to be
/// accepted go on waiting.
final class AcceptFailureHandler: ChannelInboundHandler {
  typealias InboundIn = any Channel

  private static let pause = TimeAmount.milliseconds(100)
  private static let shortages: Set<CInt> = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

  private let failures: AcceptFailures

  init(_ failures: AcceptFailures) { self.failures = failures }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    failures.tell(error)
    if let error = error as? IOError, Self.shortages.contains(error.errnoCode) { pause(context) }
  }

  private func pause(_ context: ChannelHandlerContext) {
    let loop = context.eventLoop.assumeIsolatedUnsafeUnchecked()
    // A failed read leaves the channel registered for the next; this takes it out.
    try? context.channel.syncOptions?.setOption(.autoRead, value: false)
    loop.scheduleTask(in: Self.pause) { [channel = context.channel] in
      try? channel.syncOptions?.setOption(.autoRead, value: true)
    }
  }
}
