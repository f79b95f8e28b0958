import Domain
import NIOCore

/// A thing's token beside a certificate, which may be another thing's.
extension HotPathHandler {
  /// Asks the service about a token that was not seen on this connection before, and answers what waits.
  func admit(_ token: ThingToken, on secure: SecureConnection, _ context: ChannelHandlerContext) {
    state = .asking
    writeGathered(context)
    let (answers, loop) = (answers, context.eventLoop)
    let handler = NIOLoopBound(self, eventLoop: loop)
    Task {
      let isAdmitted = await answers.admit(token, on: secure)
      loop.execute { handler.value.admitted(isAdmitted) }
    }
  }

  private func admitted(_ isAdmitted: Bool) {
    guard let context, case .asking = state else { return }
    state = .listening
    if isAdmitted { goOn(context) } else { handOver(context) }
  }
}
