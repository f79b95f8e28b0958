import Glibc
import LiveChannels
import Metrics
import NIOCore
import NIOWebSocket

/// A connection that has become a stream: it writes what is published, a keep-alive when nothing was, and the end.
///
/// What the client sends is not looked at here. What is behind it in the pipeline, if anything, belonged to the requests before
/// and is cut off from the network. There is one scheduled task per stream: when it runs it looks what is due, at
/// least once a minute.
final class LiveStreamHandler: ChannelDuplexHandler, LiveSubscriber {
  typealias InboundIn = ByteBuffer
  typealias OutboundIn = Any
  typealias OutboundOut = IOData

  /// What a scheduled task holds, so that it does not hold a stream that has ended. A weak reference would make every use of
  /// the stream slower.
  private final class Reminder {
    var stream: LiveStreamHandler?
  }

  private static let longestPause = TimeAmount.seconds(60)

  let framing: LiveFraming
  private let plan: LivePlan
  private let keepAlive: TimeAmount
  private let endsIn: TimeAmount?
  private let phrases: LivePhrases
  private var catchUp: LiveCatchUp?
  private var seat: LiveSeat?
  private let limits: ConnectionLimits
  private let serving: LiveServing
  private let deadlines: RequestDeadlineHandler
  /// Whether what is written is encrypted on its way through the pipeline.
  private let isEncrypted: Bool
  private var context: ChannelHandlerContext?
  private var subscription: LiveSubscription?
  private let reminder = Reminder()
  private var hasEnded = false
  private(set) var isGone = false
  /// The channel's own socket; -1 where there is none, or where only the pipeline can encrypt what is written to it. It is the
  /// channel's to close, and is not used once that is inactive.
  private var socket: NIOBSDSocket.Handle = -1
  /// Something has gone through the channel, and may still wait there.
  private var mayBeBehind = true
  private var lastSent = NIODeadline.uptimeNanoseconds(0)
  private var endsAt: NIODeadline?
  /// When the client was last heard, and whether it has been asked since for a sign of life; of WebSockets alone, since nobody
  /// else could answer.
  private var lastHeard = NIODeadline.uptimeNanoseconds(0)
  private var hasPinged = false

  init(
    _ opening: LiveOpening, limits: ConnectionLimits, serving: LiveServing, deadlines: RequestDeadlineHandler,
    isEncrypted: Bool
  ) {
    plan = opening.plan
    keepAlive = opening.keepAlive
    endsIn = opening.endsIn
    seat = opening.seat
    self.limits = limits
    self.serving = serving
    self.deadlines = deadlines
    self.isEncrypted = isEncrypted
    framing = opening.framing
    phrases = opening.phrases
    catchUp = opening.replay.map { LiveCatchUp($0) }
  }

  // MARK: Begin and end

  /// Subscribes, and writes the head and the first message.
  func begin(head: ByteBuffer) {
    guard let context else { return }
    let now = context.eventLoop.now
    reminder.stream = self
    // Below this the channel is not asked how much waits.
    let limit = limits.subscriberQueueBytes
    let mark = ChannelOptions.Types.WriteBufferWaterMark(low: max(1, limit / 2), high: max(1, limit))
    if limit < 64 * 1024 { try? context.channel.syncOptions?.setOption(.writeBufferWaterMark, value: mark) }
    if !isEncrypted {
      socket = (try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) { $0 }) ?? -1
    }
    subscription = serving.channels.subscribe(self, to: plan, on: context.eventLoop)
    serving.figures.record(serving.channels)
    lastHeard = now
    endsAt = endsIn.map { now + $0 }
    var bytes = head
    bytes.writeImmutableBuffer(framing.frame(phrases.first))
    send(bytes, at: now)
    wake()
    look()
    // Nothing was read while the answer was being made.
    context.read()
  }

  /// Lets the handlers behind, which answered the requests before, come to their end.
  func cutOff() { context?.fireUserInboundEventTriggered(ChannelEvent.inputClosed) }

  /// Ends the stream where its credentials ended before it had begun.
  func checkCredentials() {
    guard let context, !hasEnded else { return }
    let (loop, plan) = (context.eventLoop, plan)
    let stream = NIOLoopBound(self, eventLoop: loop)
    Task {
      if await plan.stillValid() { return }
      loop.execute { stream.value.end(because: plan.owner.ending) }
    }
  }

  func end(because message: String) { end(message, code: .policyViolation) }

  /// Sends the last bytes, an error message among them where there is one, and closes.
  func end(_ message: String?, code: WebSocketErrorCode) {
    guard let context, !hasEnded else { return }
    hasEnded = true
    unsubscribe()
    var last = ByteBuffer()
    if let message {
      last.writeImmutableBuffer(framing.frame(Array(phrases.end(JSONText.quoted(message)).utf8)))
    }
    switch framing {
    case .chunk, .event: last.writeStaticString("0\r\n\r\n")
    case .plain, .plainEvent: break
    case .webSocket: last.writeImmutableBuffer(Self.closing(code))
    }
    context.writeAndFlush(wrapOutboundOut(.byteBuffer(last)), promise: nil)
    deadlines.closeAfterLastByte()
  }

  private static func closing(_ code: WebSocketErrorCode) -> ByteBuffer {
    let code = UInt16(webSocketErrorCode: code)
    return LiveFraming.webSocketFrame(opcode: 8, [UInt8(code >> 8), UInt8(code & 0xFF)])
  }

  private func unsubscribe() {
    if let subscription { serving.channels.cancel(subscription) }
    subscription = nil
  }

  private func gone() {
    guard !isGone else { return }
    isGone = true
    hasEnded = true
    socket = -1
    unsubscribe()
    context = nil
    catchUp = nil
    reminder.stream = nil
    seat = nil
    serving.figures.record(serving.channels)
  }

  // MARK: Messages

  func deliver(_ message: ByteBuffer, at now: NIODeadline) -> Bool {
    guard !hasEnded else { return false }
    if let catchUp { return catchUp.deliver(message, to: self) }
    if socket >= 0, mayWriteAtOnce() {
      lastSent = now
      return writeAtOnce(message)
    }
    guard let context else { return false }
    // The channel counts exactly, but asking it whether it is writable at all is cheaper.
    guard context.channel.isWritable || deadlines.waitingBytes <= limits.subscriberQueueBytes else {
      fallBehind()
      return false
    }
    send(message, at: now)
    return true
  }

  func wake() { catchUp?.read(for: self) }

  /// Whether more may be written now, for one who can wait.
  var takesMore: Bool { context.map { !hasEnded && $0.channel.isWritable } ?? false }

  /// For messages that are not from the channels.
  func tell(_ message: ByteBuffer) {
    guard let context, !hasEnded else { return }
    send(message, at: context.eventLoop.now)
  }

  var eventLoop: (any EventLoop)? { context?.eventLoop }

  func fallBehind() {
    guard !hasEnded else { return }
    // What counts is in the store.
    if let catchUp { return catchUp.read(for: self) }
    serving.figures.dropped.increment()
    end("too slow: messages were lost", code: .unexpectedServerError)
  }

  /// Whether nothing is on its way through the pipeline that a message could overtake.
  private func mayWriteAtOnce() -> Bool {
    if mayBeBehind { mayBeBehind = deadlines.waitingBytes > 0 }
    return !mayBeBehind
  }

  /// Gives a message to the system without the way through the pipeline and the channel's queue, which for a short message cost
  /// half as much again as the system's own work. What the system does not take goes that way after all, and so do errors.
  private func writeAtOnce(_ message: ByteBuffer) -> Bool {
    let sent = message.withUnsafeReadableBytes { bytes in
      Glibc.send(socket, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL | MSG_DONTWAIT))
    }
    if sent == message.readableBytes { return true }
    var rest = message
    rest.moveReaderIndex(forwardBy: max(0, sent))
    mayBeBehind = true
    context?.writeAndFlush(wrapOutboundOut(.byteBuffer(rest)), promise: nil)
    return true
  }

  private func send(_ bytes: ByteBuffer, at now: NIODeadline) {
    lastSent = now
    mayBeBehind = true
    context?.writeAndFlush(wrapOutboundOut(.byteBuffer(bytes)), promise: nil)
  }

  /// A control frame in answer to one of the client's.
  func answer(opcode: UInt8, _ payload: [UInt8]) {
    guard let context, !hasEnded else { return }
    guard deadlines.waitingBytes <= limits.subscriberQueueBytes else { return context.close(promise: nil) }
    writeControl(opcode: opcode, payload, context)
  }

  /// No message, so that the keep-alive comes when it would have come without.
  private func writeControl(opcode: UInt8, _ payload: [UInt8], _ context: ChannelHandlerContext) {
    mayBeBehind = true
    context.writeAndFlush(wrapOutboundOut(.byteBuffer(LiveFraming.webSocketFrame(opcode: opcode, payload))), promise: nil)
  }

  /// The client has sent a frame.
  func hear() {
    guard let context else { return }
    lastHeard = context.eventLoop.now
    hasPinged = false
  }

  // MARK: Time

  private func look() {
    guard let context, !hasEnded else { return }
    let now = context.eventLoop.now
    if let endsAt, now >= endsAt { return end(because: plan.owner.ending) }
    if framing == .webSocket {
      if now >= lastHeard + limits.idleTimeout + limits.idleTimeout { return context.close(promise: nil) }
      if now >= lastHeard + limits.idleTimeout, !hasPinged {
        hasPinged = true
        writeControl(opcode: 9, [], context)
      }
    }
    if now >= lastSent + keepAlive {
      if deadlines.waitingBytes == 0 { send(framing.frame(phrases.silence), at: now) } else { lastSent = now }
    }
    deadlines.watchWrites()
    var next = lastSent + keepAlive
    if framing == .webSocket { next = min(next, lastHeard + limits.idleTimeout + (hasPinged ? limits.idleTimeout : .zero)) }
    if let endsAt { next = min(next, endsAt) }
    // To cancel it would be a search through all streams of the loop: what is left of one that has ended runs out instead.
    next = min(next, now + Self.longestPause)
    context.eventLoop.assumeIsolatedUnsafeUnchecked().scheduleTask(deadline: next) { [reminder] in reminder.stream?.look() }
  }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) { self.context = context }

  func handlerRemoved(context: ChannelHandlerContext) { gone() }

  func channelInactive(context: ChannelHandlerContext) {
    gone()
    context.fireChannelInactive()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

  /// Whoever is behind may never ask to read again, and without reading nobody learns that the client has gone.
  func channelReadComplete(context: ChannelHandlerContext) { context.read() }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if context.channel.isWritable { catchUp?.resume(self) }
    context.fireChannelWritabilityChanged()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent:
      end(nil, code: .goingAway)
      // One that does not read may not hold up a shutdown.
      let loop = context.eventLoop.assumeIsolatedUnsafeUnchecked()
      loop.scheduleTask(in: limits.lingerTimeout) { self.context?.close(promise: nil) }
    case ChannelEvent.inputClosed where !hasEnded: context.close(promise: nil)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    promise?.fail(ChannelError.outputClosed)
  }

  func flush(context: ChannelHandlerContext) {}

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .output { promise?.succeed() } else { context.close(mode: .all, promise: promise) }
  }
}
