import Domain
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
  typealias OutboundOut = IOData

  enum State {
    case listening
    /// The service is asked for what the first of the bytes want to know.
    case asking
    case streaming(ImageStream)
    /// The last answer is on its way.
    case closing
    /// The connection is the framework's, or nobody's any more.
    case gone
  }

  let answers: HotAnswers
  let setup: ConnectionSetup
  private let loop: HotLoop
  let secure: SecureConnection?
  private let log: Logger
  private let use: EventLoopPromise<FirmamentConnection.Use>
  let bufferedBytes: (any Channel) -> Int
  /// Where the sweep has this connection.
  var place: Int?
  private var useIsGiven = false
  var state = State.listening
  /// What has been read and not answered.
  var unanswered = ByteBuffer()
  private var isAnswering = false
  private var readIsHeld = false
  var inputIsClosed = false
  var outputCloses = false
  var outputIsClosed = false
  var isQuiescing = false
  private var isWritable = true
  /// The client is left time to read the last answer, which is long, before the connection ends.
  var lingers = false
  var context: ChannelHandlerContext?
  /// Whether the client has sent anything since the sweep looked last.
  var hasMoved = true
  /// When the client's own time began, as far as the sweep has seen.
  var since = NIODeadline.uptimeNanoseconds(0)
  var writtenBytes = 0
  /// When the bytes that had left were last seen to grow, and how many they were; nil while nothing is waiting to leave.
  var lastDrain: (time: NIODeadline, bytes: Int)?

  /// - Parameters:
  ///   - secure: nil where the connection is not encrypted.
  ///   - use: told what becomes of the connection.
  ///   - bufferedBytes: the bytes that the channel has been given and the network not yet.
  init(
    answers: HotAnswers, setup: ConnectionSetup, loop: HotLoop, secure: SecureConnection? = nil, log: Logger,
    use: EventLoopPromise<FirmamentConnection.Use>,
    bufferedBytes: @escaping (any Channel) -> Int = RequestDeadlineHandler.bufferedBytes
  ) {
    self.answers = answers
    self.setup = setup
    self.loop = loop
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
    if unanswered.readableBytes == 0 {
      unanswered = bytes
    } else {
      // What was answered makes room for what comes: else a client that is never all answered would fill the memory.
      unanswered.discardReadBytes()
      unanswered.writeBuffer(&bytes)
    }
    answerAll(context)
  }

  private var isListening: Bool { if case .listening = state { true } else { false } }

  /// Whether the connection is another's. Then nothing of it may be left among the loop's answers: others are sent next.
  private var isGone: Bool {
    guard case .gone = state else { return false }
    loop.answers.gathered.clear()
    return true
  }

  /// Answers what is there, as far as the client takes it.
  private func answerAll(_ context: ChannelHandlerContext) {
    guard !isAnswering else { return }
    isAnswering = true
    defer { isAnswering = false }
    while isListening, unanswered.readableBytes > 0, isWritable {
      repeat { answerFirst(context) } while mayGather
      guard !isGone else { return }
      sendGathered(context)
    }
    closeIfDone(context)
  }

  private var mayGather: Bool {
    isListening && unanswered.readableBytes > 0 && isWritable
      && loop.answers.gathered.readableBytes < ThreadAnswers.mostGathered
  }

  private func answerFirst(_ context: ChannelHandlerContext) {
    let start = NIODeadline.now()
    var outcome = Outcome.unanswered
    var (request, stranger) = (HotRequest?.none, ThingToken?.none)
    unanswered.withUnsafeReadableBytes { bytes in
      guard let read = HotRequest(bytes), !read.closes || read.length == bytes.count else { return }
      if let secure, !answers.admits(read, in: bytes, on: secure) {
        stranger = answers.token(of: read, in: bytes)
        return
      }
      request = read
      if answers.answerAgain(read, in: bytes, since: start, closes: isLast(read), on: secure, by: &loop.answers) {
        outcome = .answer(.gathered)
      }
    }
    if let stranger, let secure { return admit(stranger, on: secure, context) }
    guard let request else { return handOver(context) }
    if case .unanswered = outcome { outcome = answer(request, since: start) }
    take(outcome, to: request, context)
  }

  /// What comes of a request that was not answered so before.
  private func answer(_ request: HotRequest, since start: NIODeadline) -> Outcome {
    unanswered.withUnsafeReadableBytes { bytes in
      guard let claim = answers.claim(request, in: bytes, on: secure) else { return .unanswered }
      guard let found = answers.find(claim, asked: HotAnswers.query(of: request, in: bytes)) else { return .later(claim) }
      return answer(found, to: request, in: bytes, since: start)
    }
  }

  private enum Outcome {
    case answer(HotAnswers.Answer)
    case later(DirectAnswers.Claim)
    /// The framework has to be asked.
    case unanswered
  }

  /// Whether the connection ends with the answer.
  private func isLast(_ request: HotRequest) -> Bool {
    request.closes || (isQuiescing && request.length == unanswered.readableBytes)
  }

  private func answer(
    _ found: HotAnswers.Found, to request: HotRequest, in bytes: UnsafeRawBufferPointer, since start: NIODeadline
  ) -> Outcome {
    let answer = answers.answer(found, to: request, in: bytes, since: start, closes: isLast(request), by: &loop.answers)
    return answer.map { .answer($0) } ?? .unanswered
  }

  private func take(_ outcome: Outcome, to request: HotRequest, _ context: ChannelHandlerContext) {
    switch outcome {
    case .answer(let answer):
      let closes = isLast(request)
      pass(request)
      send(answer, closes: closes, context)
    case .later(let claim): ask(claim, context)
    case .unanswered: handOver(context)
    }
  }

  /// Goes on behind a request that is answered.
  private func pass(_ request: HotRequest) {
    if request.length == unanswered.readableBytes {
      unanswered = ByteBuffer()
    } else {
      unanswered.moveReaderIndex(forwardBy: request.length)
    }
  }

  private func ask(_ claim: DirectAnswers.Claim, _ context: ChannelHandlerContext) {
    state = .asking
    writeGathered(context)
    let (answers, loop) = (answers, context.eventLoop)
    let start = NIODeadline.now()
    let handler = NIOLoopBound(self, eventLoop: loop)
    Task {
      let found = await answers.seek(claim)
      loop.execute { handler.value.resume(found, since: start) }
    }
  }

  private func resume(_ found: HotAnswers.Found?, since start: NIODeadline) {
    guard let context, case .asking = state else { return }
    state = .listening
    guard let request = unanswered.withUnsafeReadableBytes({ HotRequest($0) }) else { return handOver(context) }
    let outcome = unanswered.withUnsafeReadableBytes { bytes -> Outcome in
      guard let found, !request.closes || request.length == bytes.count else { return .unanswered }
      return answer(found, to: request, in: bytes, since: start)
    }
    take(outcome, to: request, context)
    guard !isGone else { return }
    sendGathered(context)
    goOn(context)
  }

  /// Answers what has come meanwhile, and reads more.
  func goOn(_ context: ChannelHandlerContext) {
    answerAll(context)
    if readIsHeld, mayRead(context) {
      readIsHeld = false
      context.read()
    }
  }

  // MARK: Answers

  private func send(_ answer: HotAnswers.Answer, closes: Bool, _ context: ChannelHandlerContext) {
    switch answer {
    case .gathered: break
    case .image(let bytes, let download, let range) where secure == nil || range.count <= ImageStream.encryptedPieceSize:
      lingers = closes
      writeGathered(context)
      let sent = context.eventLoop.makePromise(of: Void.self)
      let parts = secure == nil ? download.parts(range) : nil
      sent.futureResult.whenSuccess { withExtendedLifetime(parts) { download.sent(range) } }
      if let parts {
        write(parts.lead, context)
        write(.fileRegion(parts.rest), context, sent)
      } else {
        write(bytes, context, sent)
      }
    case .image(_, let download, let range), .stream(let download, let range):
      writeGathered(context)
      let stream = ImageStream(download, range, isEncrypted: secure != nil, closes: closes)
      state = .streaming(stream)
      return send(stream, context)
    }
    if closes { state = .closing }
  }

  /// Writes the answers that are gathered; before any other.
  func writeGathered(_ context: ChannelHandlerContext) {
    guard loop.answers.gathered.readableBytes > 0 else { return }
    write(loop.answers.gathered, context)
    loop.answers.gathered = ByteBuffer()
  }

  /// Sends all that has been written, and the answers that are gathered.
  private func sendGathered(_ context: ChannelHandlerContext) {
    guard loop.answers.gathered.readableBytes > 0 else { return context.flush() }
    write(loop.answers.gathered, context)
    context.flush()
    // The same memory, unless some of it has not left yet.
    loop.answers.gathered.clear()
  }

  private func write(_ bytes: ByteBuffer, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>? = nil) {
    write(IOData.byteBuffer(bytes), context, promise)
  }

  func write(_ data: IOData, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
    writtenBytes += data.readableBytes
    context.write(wrapOutboundOut(data), promise: promise)
  }

  func handOver(_ context: ChannelHandlerContext) {
    writeGathered(context)
    let rest = unanswered
    unanswered = ByteBuffer()
    state = .gone
    useIsGiven = true
    loop.sweep.remove(self)
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

  // MARK: Channel

  func read(context: ChannelHandlerContext) {
    if mayRead(context) { context.read() } else { readIsHeld = true }
  }

  /// One read ahead of the answer, so that nothing has to be registered anew for every request, and not two.
  private func mayRead(_ context: ChannelHandlerContext) -> Bool {
    switch state {
    case .gone: true
    // What comes then is dropped, and what ends the encryption is no part of it.
    case .closing: outputCloses || secure != nil
    case .listening, .asking, .streaming: isWritable && unanswered.readableBytes <= HotRequest.longestHead
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    isWritable = context.channel.isWritable
    if isWritable, !isAnswering { goOn(context) }
    context.fireChannelWritabilityChanged()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case .gone = state { return context.fireUserInboundEventTriggered(event) }
    switch event {
    case ChannelEvent.inputClosed: inputIsClosed = true
    case is ChannelShouldQuiesceEvent: isQuiescing = true
    default: return context.fireUserInboundEventTriggered(event)
    }
    if case .closing = state {
      if outputIsClosed, inputIsClosed { context.close(promise: nil) }
      return
    }
    if !isAnswering { closeIfDone(context) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if case .gone = state { context.fireErrorCaught(error) } else { context.close(promise: nil) }
  }

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    loop.sweep.add(self)
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  private func end() {
    loop.sweep.remove(self)
    context = nil
    unanswered = ByteBuffer()
    state = .gone
    if !useIsGiven { use.succeed(.nothing) }
    useIsGiven = true
  }
}
