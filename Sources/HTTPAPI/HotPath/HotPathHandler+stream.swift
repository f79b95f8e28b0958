import NIOCore

/// How an image leaves that is not in memory, or is to be encrypted: in pieces, the next of them when one has left.
extension HotPathHandler {
  /// Sends the next pieces, unless enough of them wait.
  func send(_ stream: ImageStream, _ context: ChannelHandlerContext) {
    guard let piece = stream.begin() else { return }
    do {
      if let loaded = try stream.loaded(piece) { return send(loaded, piece) }
    } catch {
      return send(nil, piece)
    }
    stream.load(piece, on: context.eventLoop).assumeIsolatedUnsafeUnchecked().whenComplete { outcome in
      self.send(try? outcome.get(), piece)
    }
  }

  private func send(_ data: IOData?, _ piece: Range<Int64>) {
    guard let context, case .streaming(let stream) = state else { return }
    // The head has promised what cannot be read.
    guard let data else { return context.close(promise: nil) }
    stream.wasLoaded(piece)
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolatedUnsafeUnchecked().whenSuccess { self.wasSent(piece, of: stream) }
    write(data, context, sent)
    if stream.hasEnded {
      lingers = stream.closes || isQuiescing
      state = stream.closes ? .closing : .listening
    }
    context.flush()
    if stream.hasEnded { goOn(context) } else if stream.waits { send(stream, context) }
  }

  /// Goes on in another turn of the loop: a client that takes all at once must not keep the others waiting.
  private func wasSent(_ piece: Range<Int64>, of stream: ImageStream) {
    stream.wasSent(piece)
    guard let context, stream.mayBegin else { return }
    context.eventLoop.assumeIsolatedUnsafeUnchecked().execute {
      if let context = self.context { self.send(stream, context) }
    }
  }
}
