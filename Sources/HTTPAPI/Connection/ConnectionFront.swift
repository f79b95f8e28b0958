import Domain
import FirmwareService
import HTTPTypes
import Hummingbird
import LiveChannels
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// Looks at each request and decides who answers it: the framework, which is added with the first request that it gets, or the
/// connection itself, for requests that may turn it into a stream and for those that `DirectAnswers` claims. Such a request
/// waits until everything before it has been answered, and everything behind it waits until it has.
final class ConnectionFront: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private enum State {
    case betweenRequests
    /// In a request that the framework answers.
    case passing
    /// In a request that the connection answers.
    case collecting(HTTPRequest, Claim)
    /// Behind such a request, with answers owed before it.
    case waiting(HTTPRequest, Claim)
    /// The router or the catalog is at work.
    case answering
    case streaming
  }

  private enum Claim {
    case stream
    /// What is answered here, with what has come of its body.
    case direct(DirectAnswers.Claim, ByteBuffer)
  }

  private enum Input {
    case part(HTTPRequestPart)
    case failure(any Error)
    case inputClosed
  }

  private let handlers: ProtocolHandlers
  private let codec: HTTP1ToHTTPServerCodec
  private let live: LiveServing?
  private let direct: DirectAnswers?
  private let limits: ConnectionLimits
  private let log: Logger
  private let use: EventLoopPromise<FirmamentConnection.Use>
  private let secure: SecureConnection?
  private var useIsKnown = false
  private var isAttached = false
  private var state = State.betweenRequests
  /// Requests that have been given to the framework or answered here.
  private var taken = 0
  private var held = CircularBuffer<Input>()
  private var readIsHeld = false
  /// Answers of ours wait for a client that does not take them.
  private var answersWait = false
  private var context: ChannelHandlerContext?

  init(
    handlers: ProtocolHandlers, codec: HTTP1ToHTTPServerCodec, live: LiveServing?, direct: DirectAnswers?,
    limits: ConnectionLimits, log: Logger, use: EventLoopPromise<FirmamentConnection.Use>, secure: SecureConnection?
  ) {
    self.handlers = handlers
    self.codec = codec
    self.live = live
    self.direct = direct
    self.limits = limits
    self.log = log
    self.use = use
    self.secure = secure
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) { receive(.part(unwrapInboundIn(data)), context) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { receive(.failure(error), context) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent {
      receive(.inputClosed, context)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  private var isBusy: Bool {
    switch state {
    case .waiting, .answering: true
    case .betweenRequests, .passing, .collecting, .streaming: false
    }
  }

  private func receive(_ input: Input, _ context: ChannelHandlerContext) {
    if isBusy { held.append(input) } else { take(input, context) }
  }

  private func take(_ input: Input, _ context: ChannelHandlerContext) {
    switch input {
    case .part(let part): take(part, context)
    case .failure(let error):
      if isAttached {
        context.fireErrorCaught(error)
      } else {
        handlers.progress.refuseFailure()
      }
    case .inputClosed:
      if isAttached {
        context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
      } else {
        handlers.deadlines.closeAfterLastByte()
      }
    }
  }

  private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
    switch (part, state) {
    case (.head(let head), .betweenRequests):
      if live != nil, Self.maySubscribe(head) {
        state = .collecting(head, .stream)
      } else if let claim = direct?.claim(head, on: secure) {
        state = .collecting(head, .direct(claim, ByteBuffer()))
      } else {
        pass(head, context)
      }
    case (.body(let piece), .collecting(let head, .direct(let claim, let body))):
      collect(piece, after: body, of: head, claim, context)
    case (.body, .passing): context.fireChannelRead(wrapInboundOut(part))
    case (.end, .passing):
      state = .betweenRequests
      context.fireChannelRead(wrapInboundOut(part))
    case (.end, .collecting(let head, let claim)):
      if handlers.progress.responsesEnded == taken {
        answer(head, claim, context)
      } else {
        state = .waiting(head, claim)
        handlers.progress.whenResponseEnds = { [weak self] in self?.answerWhenItsTurnComes() }
      }
    default: break
    }
  }

  private func answerWhenItsTurnComes() {
    guard let context, case .waiting(let head, let claim) = state, handlers.progress.responsesEnded == taken else { return }
    handlers.progress.whenResponseEnds = {}
    answer(head, claim, context)
    // Given to the framework after all: nothing else will wake it, and what is held behind it.
    if !isBusy { release(context) }
  }

  private func collect(
    _ piece: ByteBuffer, after body: ByteBuffer, of head: HTTPRequest, _ claim: DirectAnswers.Claim,
    _ context: ChannelHandlerContext
  ) {
    var (body, piece) = (body, piece)
    state = .passing
    body.writeBuffer(&piece)
    if body.readableBytes <= DirectAnswers.longestBody {
      state = .collecting(head, .direct(claim, body))
    } else {
      pass(head, context)
      context.fireChannelRead(wrapInboundOut(.body(body)))
    }
  }

  /// Gives a request to the framework.
  private func pass(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
    guard attach(context) else { return }
    taken += 1
    state = .passing
    var head = head
    // Whatever ends the connection, the framework looks for exactly this.
    if head.headerFields[.upgrade] != nil { head.headerFields[.connection] = "close" }
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  private func attach(_ context: ChannelHandlerContext) -> Bool {
    guard !isAttached else { return true }
    do {
      let parts = try FirmamentConnection.Parts(
        wrappingChannelSynchronously: context.channel, configuration: .init(isOutboundHalfClosureEnabled: true))
      isAttached = true
      tell(.requests(parts))
      // It comes late, and waits for this before it takes itself for begun.
      context.fireChannelActive()
      return true
    } catch {
      context.close(promise: nil)
      return false
    }
  }

  private func tell(_ answer: FirmamentConnection.Use) {
    if !useIsKnown { use.succeed(answer) }
    useIsKnown = true
  }

  // MARK: Answers

  private func answer(_ head: HTTPRequest, _ claim: Claim, _ context: ChannelHandlerContext) {
    switch claim {
    case .stream: answer(head, context)
    case .direct(let claim, let body): answer(head, body, claim, context)
    }
  }

  private func answer(
    _ head: HTTPRequest, _ body: ByteBuffer, _ claim: DirectAnswers.Claim, _ context: ChannelHandlerContext
  ) {
    guard let direct else { return }
    state = .answering
    taken += 1
    let loop = context.eventLoop
    let front = NIOLoopBound(self, eventLoop: loop)
    let outcome = direct.answer(claim, head, body, isEncrypted: secure != nil) { answer in
      loop.execute { front.value.finish(head, body, answer) }
    }
    switch outcome {
    case .answer(let answer):
      state = .betweenRequests
      send(answer, context)
    case .later: break
    case .unanswered: ask(head, body, context)
    }
  }

  private func finish(_ head: HTTPRequest, _ body: ByteBuffer, _ answer: DirectAnswers.Answer?) {
    guard let context, context.channel.isActive else { return }
    if let answer {
      state = .betweenRequests
      send(answer, context)
    } else {
      ask(head, body, context)
    }
    release(context)
  }

  private func send(_ answer: DirectAnswers.Answer, _ context: ChannelHandlerContext) {
    context.write(wrapOutboundOut(.head(answer.head)), promise: nil)
    if answer.body.readableBytes > 0 {
      let sent = answer.whenSent.map { whenSent in
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenSuccess(whenSent)
        return promise
      }
      context.write(wrapOutboundOut(.body(answer.body)), promise: sent)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    answersWait = !context.channel.isWritable
  }

  /// Gives a request to the framework after all, as if nobody had looked at it before.
  private func ask(_ head: HTTPRequest, _ body: ByteBuffer, _ context: ChannelHandlerContext) {
    taken -= 1
    pass(head, context)
    if body.readableBytes > 0 { take(.body(body), context) }
    take(.end(nil), context)
  }

  private func answer(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
    guard let live else { return }
    state = .answering
    taken += 1
    let handover = LiveHandover(isChunked: !handlers.progress.speaksHTTP10)
    let (channel, loop, log, secure) = (context.channel, context.eventLoop, log, secure)
    let front = NIOLoopBound(self, eventLoop: loop)
    Task {
      let answer = await SecureConnection.$current.withValue(secure) {
        await live.answer(head, on: channel, log: log, handover)
      }
      let opening = handover.take()
      loop.execute { front.value.finish(head, answer, opening) }
    }
  }

  private func finish(_ head: HTTPRequest, _ answer: LiveServing.Answer, _ opening: LiveOpening?) {
    guard let context, context.channel.isActive else { return }
    if let opening, answer.response.status == .ok || answer.response.status == .switchingProtocols {
      return becomeStream(opening, answer.response, context)
    }
    state = .betweenRequests
    if let body = answer.body {
      send(DirectAnswers.Answer(head: answer.response.head, body: body), context)
    } else {
      // No stream after all, and too much to be held: the framework asks again, and sends it as it comes.
      ask(head, ByteBuffer(), context)
    }
    release(context)
  }

  private func release(_ context: ChannelHandlerContext) {
    while !isBusy, let input = held.popFirst() { take(input, context) }
    context.fireChannelReadComplete()
    if !isBusy { readIfHeld(context) }
  }

  private func becomeStream(_ opening: LiveOpening, _ response: Response, _ context: ChannelHandlerContext) {
    guard let live else { return }
    state = .streaming
    let (deadlines, pipeline) = (handlers.deadlines, context.pipeline.syncOperations)
    let isQuiescing = handlers.progress.isQuiescing
    let hasLeft = held.contains { if case .inputClosed = $0 { true } else { false } }
    let stream = LiveStreamHandler(
      opening, limits: limits, serving: live, deadlines: deadlines, isEncrypted: secure != nil)
    held.removeAll()
    do {
      try pipeline.addHandler(stream, position: .after(self))
      if opening.framing == .webSocket {
        let decoder = ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: limits.maximumFrameBytes))
        try pipeline.addHandlers([decoder, WebSocketReader(stream: stream)], position: .after(self))
      }
    } catch {
      return context.close(promise: nil)
    }
    tell(.nothing)
    deadlines.enter(.streaming)
    handlers.remove(and: codec, from: pipeline)
    pipeline.removeHandler(self, promise: nil)
    stream.begin(head: Self.bytes(of: response))
    if isAttached { stream.cutOff() }
    if hasLeft { return context.channel.close(promise: nil) }
    if isQuiescing { context.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
    stream.checkCredentials()
  }

  private static func bytes(of response: Response) -> ByteBuffer {
    var head = ByteBuffer()
    head.writeString("HTTP/1.1 \(response.status.code) \(response.status.reasonPhrase)\r\n")
    for field in response.headers where field.name != .contentLength {
      head.writeString("\(field.name.rawName): \(field.value)\r\n")
    }
    head.writeStaticString("\r\n")
    return head
  }

  // MARK: Channel

  func read(context: ChannelHandlerContext) {
    if mayRead { context.read() } else { readIsHeld = true }
  }

  /// One read ahead, so that nothing has to be registered anew for every request, and not two; none from a client that does not
  /// take what it has asked for.
  private var mayRead: Bool { !answersWait && (!isBusy || held.isEmpty) }

  private func readIfHeld(_ context: ChannelHandlerContext) {
    guard readIsHeld, mayRead else { return }
    readIsHeld = false
    context.read()
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable {
      answersWait = false
      readIfHeld(context)
    }
    context.fireChannelWritabilityChanged()
  }

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) {
    self.context = nil
    tell(.nothing)
  }

  func channelInactive(context: ChannelHandlerContext) {
    tell(.nothing)
    context.fireChannelInactive()
  }
}
