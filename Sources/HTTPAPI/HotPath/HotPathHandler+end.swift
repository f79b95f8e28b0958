import NIOCore

/// How a connection of the hot path ends.
extension HotPathHandler {
  /// Closes where nothing is to come any more, once the last byte has left.
  func closeIfDone(_ context: ChannelHandlerContext) {
    switch state {
    case .closing: break
    case .listening where unanswered.readableBytes == 0 && (inputIsClosed || isQuiescing): state = .closing
    case .listening, .asking, .streaming, .gone: return
    }
    guard !outputCloses else { return }
    let waits = bufferedBytes(context.channel) > 0
    if lingers || waits, !inputIsClosed, secure == nil { return closeOutput(context) }
    guard waits else { return context.close(promise: nil) }
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in self.context?.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: sent)
  }

  /// Closes our side once the last byte has left, and waits a little for the client to do the same: to close at once with bytes
  /// unread, or before more of them come, would reset the connection, and take from the client what it has not read yet.
  private func closeOutput(_ context: ChannelHandlerContext) {
    outputCloses = true
    hasMoved = true
    let closed = context.eventLoop.makePromise(of: Void.self)
    closed.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in
      self.outputIsClosed = true
      if self.inputIsClosed { self.context?.close(promise: nil) }
    }
    context.close(mode: .output, promise: closed)
    context.read()
  }

  /// Closes the connection if its client has sent nothing for too long, or takes nothing. Called by the sweep.
  func look(at now: NIODeadline) {
    guard let context else { return }
    let limits = setup.limits
    let waiting = bufferedBytes(context.channel)
    if waiting > 0 {
      let drained = writtenBytes - waiting
      if let last = lastDrain, last.bytes == drained {
        if now >= last.time + limits.writeTimeout { context.close(promise: nil) }
      } else {
        lastDrain = (now, drained)
      }
      return
    }
    // What was waiting has left since, or something has come: only now does the client's own time begin.
    if hasMoved || lastDrain != nil { since = now }
    hasMoved = false
    lastDrain = nil
    switch state {
    case .asking, .streaming: since = now
    case .closing where outputIsClosed: if now >= since + limits.lingerTimeout { context.close(promise: nil) }
    case .listening, .closing: if now >= since + limits.idleTimeout { context.close(promise: nil) }
    case .gone: break
    }
  }
}
