import FirmwareService
import Logging
import NIOCore

/// The first handler of a connection, and the only one for as long as nothing comes but hot requests, which it answers from the
/// bytes that were read, one after the other. With the first bytes that are none it adds what speaks HTTP, hands on all that it
/// has not answered, and is gone: from then on the connection is like any other.
///
/// It neither answers nor reads while the client does not take what it was sent. `ConnectionSweep` ends connections whose
/// client stops sending, or stops taking.
final class HotPathHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State {
    case listening
    /// The service is asked for what the first of the bytes want to know.
    case asking
    case streaming(ImageStream)
    /// The last answer is on its way.
    case closing
    /// The connection is the framework's, or nobody's any more.
    case gone
  }

  private let answers: HotAnswers
  private let setup: ConnectionSetup
  private let sweep: ConnectionSweep
  private let secure: SecureConnection?
  private let log: Logger
  private let use: EventLoopPromise<FirmamentConnection.Use>
  private let bufferedBytes: (any Channel) -> Int
  /// Where the sweep has this connection.
  var place: Int?
  private var useIsGiven = false
  private var state = State.listening
  /// What has been read and not answered.
  private var unanswered = ByteBuffer()
  private var isAnswering = false
  private var readIsHeld = false
  private var inputIsClosed = false
  private var isQuiescing = false
  private var context: ChannelHandlerContext?
  /// Whether the client has sent anything since the sweep looked last.
  private var hasMoved = true
  /// When the client's own time began, as far as the sweep has seen.
  private var since = NIODeadline.uptimeNanoseconds(0)
  private var writtenBytes = 0
  /// When the bytes that had left were last seen to grow, and how many they were; nil while nothing is waiting to leave.
  private var lastDrain: (time: NIODeadline, bytes: Int)?

  /// - Parameters:
  ///   - secure: nil where the connection is not encrypted.
  ///   - use: told what becomes of the connection.
  ///   - bufferedBytes: the bytes that the channel has been given and the network not yet.
  init(
    answers: HotAnswers, setup: ConnectionSetup, sweep: ConnectionSweep, secure: SecureConnection? = nil, log: Logger,
    use: EventLoopPromise<FirmamentConnection.Use>,
    bufferedBytes: @escaping (any Channel) -> Int = RequestDeadlineHandler.bufferedBytes
  ) {
    self.answers = answers
    self.setup = setup
    self.sweep = sweep
    self.secure = secure
    self.log = log
    self.use = use
    self.bufferedBytes = bufferedBytes
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    switch state {
    case .gone: return context.fireChannelRead(data)
    case .closing: return
    case .listening, .asking, .streaming: break
    }
    hasMoved = true
    if unanswered.readableBytes == 0 { unanswered = bytes } else { unanswered.writeBuffer(&bytes) }
    answerAll(context)
  }

  private var isListening: Bool { if case .listening = state { true } else { false } }

  /// Answers what is there, as far as the client takes it.
  private func answerAll(_ context: ChannelHandlerContext) {
    guard !isAnswering else { return }
    isAnswering = true
    defer { isAnswering = false }
    while isListening, unanswered.readableBytes > 0, context.channel.isWritable {
      while isListening, unanswered.readableBytes > 0, context.channel.isWritable { answerFirst(context) }
      if case .gone = state { return }
      context.flush()
    }
    closeIfDone(context)
  }

  private func answerFirst(_ context: ChannelHandlerContext) {
    let start = ContinuousClock.now
    let read = unanswered
    let outcome = read.withUnsafeReadableBytes { bytes -> Outcome in
      guard let request = HotRequest(bytes), !request.closes || request.length == bytes.count else { return .unanswered }
      if let secure, !answers.admits(request, in: bytes, on: secure) { return .unanswered }
      if let known = answers.recall(request, in: bytes) { return answer(known, to: request, in: bytes, since: start) }
      guard let claim = answers.claim(request, in: bytes, on: secure) else { return .unanswered }
      guard let found = answers.find(claim, asked: HotAnswers.query(of: request, in: bytes)) else { return .later(claim) }
      return answer(found, to: request, in: bytes, since: start)
    }
    take(outcome, context)
  }

  private enum Outcome {
    case answer(HotAnswers.Answer, to: HotRequest, closes: Bool)
    case later(DirectAnswers.Claim)
    /// The framework has to be asked.
    case unanswered
  }

  private func answer(
    _ found: HotAnswers.Found, to request: HotRequest, in bytes: UnsafeRawBufferPointer, since start: ContinuousClock.Instant
  ) -> Outcome {
    let closes = request.closes || (isQuiescing && request.length == bytes.count)
    guard let answer = answers.answer(found, to: request, in: bytes, since: start, closes: closes) else { return .unanswered }
    return .answer(answer, to: request, closes: closes)
  }

  private func take(_ outcome: Outcome, _ context: ChannelHandlerContext) {
    switch outcome {
    case .answer(let answer, let request, let closes):
      if request.length == unanswered.readableBytes {
        unanswered = ByteBuffer()
      } else {
        unanswered.moveReaderIndex(forwardBy: request.length)
      }
      send(answer, closes: closes, context)
    case .later(let claim): ask(claim, context)
    case .unanswered: handOver(context)
    }
  }

  private func ask(_ claim: DirectAnswers.Claim, _ context: ChannelHandlerContext) {
    state = .asking
    let (answers, loop) = (answers, context.eventLoop)
    let start = ContinuousClock.now
    let handler = NIOLoopBound(self, eventLoop: loop)
    Task {
      let found = await answers.seek(claim)
      loop.execute { handler.value.resume(found, since: start) }
    }
  }

  private func resume(_ found: HotAnswers.Found?, since start: ContinuousClock.Instant) {
    guard let context, case .asking = state else { return }
    state = .listening
    let read = unanswered
    let outcome = read.withUnsafeReadableBytes { bytes -> Outcome in
      guard let found, let request = HotRequest(bytes), !request.closes || request.length == bytes.count else {
        return .unanswered
      }
      return answer(found, to: request, in: bytes, since: start)
    }
    take(outcome, context)
    if case .gone = state { return }
    context.flush()
    goOn(context)
  }

  /// Answers what has come meanwhile, and reads more.
  private func goOn(_ context: ChannelHandlerContext) {
    answerAll(context)
    if readIsHeld, mayRead(context) {
      readIsHeld = false
      context.read()
    }
  }

  // MARK: Answers

  private func send(_ answer: HotAnswers.Answer, closes: Bool, _ context: ChannelHandlerContext) {
    switch answer {
    case .whole(let bytes): write(bytes, context)
    case .image(let head, let bytes, let download, let range):
      write(head, context)
      let sent = context.eventLoop.makePromise(of: Void.self)
      sent.futureResult.whenSuccess { download.sent(range) }
      write(bytes, context, sent)
    case .stream(let head, let download, let range):
      write(head, context)
      let stream = ImageStream(download, range, closes: closes)
      state = .streaming(stream)
      return read(stream, context)
    }
    if closes { state = .closing }
  }

  private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>? = nil) {
    writtenBytes += bytes.readableBytes
    context.write(wrapOutboundOut(bytes), promise: promise)
  }

  /// Reads the next piece of an image, unless enough of it waits.
  private func read(_ stream: ImageStream, _ context: ChannelHandlerContext) {
    guard let piece = stream.begin() else { return }
    let (download, loop) = (stream.download, context.eventLoop)
    let handler = NIOLoopBound(self, eventLoop: loop)
    Task {
      let bytes = try? await download.read(piece)
      loop.execute { handler.value.send(bytes, of: piece) }
    }
  }

  private func send(_ bytes: ByteBuffer?, of piece: Range<Int64>) {
    guard let context, case .streaming(let stream) = state else { return }
    // The head has promised what cannot be read.
    guard let bytes else { return context.close(promise: nil) }
    stream.wasRead(piece)
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolatedUnsafeUnchecked().whenSuccess { self.wasSent(piece, of: stream) }
    write(bytes, context, sent)
    if stream.hasEnded { state = stream.closes ? .closing : .listening }
    context.flush()
    if stream.hasEnded { goOn(context) } else { read(stream, context) }
  }

  private func wasSent(_ piece: Range<Int64>, of stream: ImageStream) {
    stream.wasSent(piece)
    if let context { read(stream, context) }
  }

  // MARK: The end

  /// Closes where nothing is to come any more, once the last byte has left.
  private func closeIfDone(_ context: ChannelHandlerContext) {
    switch state {
    case .closing: break
    case .listening where unanswered.readableBytes == 0 && (inputIsClosed || isQuiescing): state = .closing
    case .listening, .asking, .streaming, .gone: return
    }
    guard bufferedBytes(context.channel) > 0 else { return context.close(promise: nil) }
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in self.context?.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: sent)
  }

  private func handOver(_ context: ChannelHandlerContext) {
    let rest = unanswered
    unanswered = ByteBuffer()
    state = .gone
    useIsGiven = true
    sweep.remove(self)
    // What was answered before goes out before.
    context.flush()
    let (channel, pipeline) = (context.channel, context.pipeline.syncOperations)
    guard (try? setup.addProtocol(to: pipeline, behind: self, secure, log: log, use: use)) != nil else {
      return context.close(promise: nil)
    }
    context.fireChannelRead(wrapInboundOut(rest))
    context.fireChannelReadComplete()
    if inputIsClosed { context.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }
    if isQuiescing { context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    pipeline.removeHandler(context: context, promise: nil)
    if readIsHeld { channel.pipeline.read() }
  }

  // MARK: Deadlines

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
    case .listening, .closing: if now >= since + limits.idleTimeout { context.close(promise: nil) }
    case .gone: break
    }
  }

  // MARK: Channel

  func read(context: ChannelHandlerContext) {
    if mayRead(context) { context.read() } else { readIsHeld = true }
  }

  /// One read ahead of the answer, so that nothing has to be registered anew for every request, and not two.
  private func mayRead(_ context: ChannelHandlerContext) -> Bool {
    switch state {
    case .gone: true
    case .closing: false
    case .listening, .asking, .streaming: context.channel.isWritable && unanswered.readableBytes <= HotRequest.longestHead
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable, !isAnswering { goOn(context) }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .gone = state { return context.fireUserInboundEventTriggered(event) }
    switch event {
    case ChannelEvent.inputClosed: inputIsClosed = true
    case is ChannelShouldQuiesceEvent: isQuiescing = true
    default: return context.fireUserInboundEventTriggered(event)
    }
    if case .closing = state { return }
    if !isAnswering { closeIfDone(context) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if case .gone = state { context.fireErrorCaught(error) } else { context.close(promise: nil) }
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    sweep.add(self)
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  private func end() {
    sweep.remove(self)
    context = nil
    unanswered = ByteBuffer()
    state = .gone
    if !useIsGiven { use.succeed(.nothing) }
    useIsGiven = true
  }
}
