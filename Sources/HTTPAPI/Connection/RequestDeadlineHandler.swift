import NIOCore

/// Ends connections whose client stops sending, or stops taking what it is sent, and sees the last bytes off when a connection
/// closes. It is the first handler of the pipeline and sees bytes; `RequestProgressHandler` tells it what they mean.
///
/// There is one scheduled task per connection. A read or a response moves no task: when the task runs it looks how things are
/// and, mostly, runs again later.
final class RequestDeadlineHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundIn = IOData
  typealias OutboundOut = IOData

  /// What the connection is waiting for.
  enum Phase: Equatable {
    /// The client, which may keep us waiting for `idleTimeout`.
    case idle
    /// The rest of a head.
    case head
    /// The rest of a body.
    case body(responseBegun: Bool)
    /// Us.
    case answering
    /// Nothing: the connection has become a stream, which looks after itself.
    case streaming
    /// The client to close, now that our side is closed.
    case closing
  }

  private let limits: ConnectionLimits
  /// The bytes that the channel has been given and the network not yet.
  private let bufferedBytes: (any Channel) -> Int
  private var context: ChannelHandlerContext?
  private var phase = Phase.idle
  private var phaseBegan = NIODeadline.uptimeNanoseconds(0)
  /// Whether the request that is being read is an operator's, who is refused in another form.
  var isOperatorsRequest = false
  private var readIsWanted = false
  private var inputIsClosed = false
  private var outputIsClosed = false
  private var writtenBytes = 0
  /// When the bytes that had left were last seen to grow, and how many they were; nil while nothing is waiting to leave.
  private var lastDrain: (time: NIODeadline, bytes: Int)?
  private var task: (deadline: NIODeadline, scheduled: Scheduled<Void>)?
  /// A task is cancelled by a search through all of the loop's. Streams are many, and often end together, so that theirs are
  /// left to run out.
  private var isStream = false
  /// What has been read while nobody may see it; nil for the rest of the time.
  private var heldReads: [NIOAny]?

  init(limits: ConnectionLimits, bufferedBytes: @escaping (any Channel) -> Int = RequestDeadlineHandler.bufferedBytes) {
    self.limits = limits
    self.bufferedBytes = bufferedBytes
  }

  // MARK: What the rest of the connection tells

  func enter(_ next: Phase) {
    guard let context, phase != .closing, next != phase else { return }
    phase = next
    phaseBegan = context.eventLoop.now
    if let timeout = timeout(of: next) {
      look(at: phaseBegan + timeout)
    }
    isStream = isStream || next == .streaming
  }

  /// Sends a refusal where one can still be sent, and closes.
  func refuse(_ refusal: ConnectionRefusal) {
    guard let context, phase != .closing else { return }
    context.writeAndFlush(wrapOutboundOut(.byteBuffer(refusal.bytes(toOperator: isOperatorsRequest))), promise: nil)
    closeAfterLastByte()
  }

  /// Closes our side once everything written so far has left, and then waits for the client to do the same: to close at once
  /// with bytes unread would reset the connection, and take the response from a client that has not read it yet.
  func closeAfterLastByte() {
    guard let context, phase != .closing else { return }
    closeOutput(context, promise: nil)
  }

  /// Closes a connection that has nothing in progress: at once, unless the last response is still on its way.
  func closeIdle() {
    guard let context, phase != .closing else { return }
    if bufferedBytes(context.channel) == 0 { context.close(promise: nil) } else { closeAfterLastByte() }
  }

  /// The bytes that the network has not taken yet.
  var waitingBytes: Int { context.map { bufferedBytes($0.channel) } ?? 0 }

  /// Gives up a client that takes none of the bytes that wait for it; with nothing waiting it does nothing.
  func watchWrites() {
    if task == nil, waitingBytes > 0 { look() }
  }

  /// Keeps what is read from the handlers behind, which are being exchanged.
  func holdReads() { heldReads = heldReads ?? [] }

  func releaseReads() {
    guard let held = heldReads else { return }
    heldReads = nil
    guard let context, !held.isEmpty, phase != .closing else { return }
    for read in held { context.fireChannelRead(read) }
    context.fireChannelReadComplete()
  }

  private func closeOutput(_ context: ChannelHandlerContext, promise: EventLoopPromise<Void>?) {
    enter(.closing)
    let promise = promise ?? context.eventLoop.makePromise()
    promise.futureResult.assumeIsolatedUnsafeUnchecked().whenComplete { _ in self.outputHasClosed() }
    if inputIsClosed {
      // With both sides closed the channel would drop what it still has to send, so the last byte is waited for here.
      context.writeAndFlush(wrapOutboundOut(.byteBuffer(ByteBuffer())), promise: promise)
    } else {
      context.close(mode: .output, promise: promise)
      context.read()
    }
  }

  private func outputHasClosed() {
    guard let context else { return }
    outputIsClosed = true
    if inputIsClosed { return context.close(promise: nil) }
    phaseBegan = context.eventLoop.now
    look(at: phaseBegan + limits.lingerTimeout)
  }

  // MARK: Deadlines

  private func timeout(of phase: Phase) -> TimeAmount? {
    switch phase {
    case .idle: limits.idleTimeout
    case .head: limits.headTimeout
    case .body: limits.bodyTimeout
    case .answering: limits.writeTimeout
    case .streaming: nil
    case .closing: limits.lingerTimeout
    }
  }

  /// Sees to it that the task runs at `deadline` or before.
  private func look(at deadline: NIODeadline) {
    guard let context else { return }
    if let task {
      if task.deadline <= deadline { return }
      if !isStream { task.scheduled.cancel() }
    }
    let loop = context.eventLoop.assumeIsolatedUnsafeUnchecked()
    task = (deadline, loop.scheduleTask(deadline: deadline) { self.look() })
  }

  private func look() {
    task = nil
    guard let context else { return }
    let now = context.eventLoop.now
    let waiting = bufferedBytes(context.channel)
    if waiting > 0 { return lookAtWrites(waiting: waiting, now: now, context: context) }
    if lastDrain != nil {
      // What was waiting has left since: only now does the client's own time begin.
      lastDrain = nil
      phaseBegan = now
    }
    if case .body = phase, !readIsWanted { phaseBegan = now }
    if phase == .answering { phaseBegan = now }
    guard let timeout = timeout(of: phase) else { return }
    if now < phaseBegan + timeout { look(at: phaseBegan + timeout) } else { giveUp(context) }
  }

  private func lookAtWrites(waiting: Int, now: NIODeadline, context: ChannelHandlerContext) {
    let drained = writtenBytes - waiting
    if let last = lastDrain, last.bytes == drained {
      if now >= last.time + limits.writeTimeout { return context.close(promise: nil) }
    } else {
      lastDrain = (now, drained)
    }
    look(at: (lastDrain?.time ?? now) + limits.writeTimeout)
  }

  private func giveUp(_ context: ChannelHandlerContext) {
    switch phase {
    case .idle, .closing, .body(responseBegun: true): context.close(promise: nil)
    case .head, .body(responseBegun: false): refuse(.tooSlow)
    case .answering, .streaming: break
    }
  }

  // MARK: Channel

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    if context.channel.isActive { begin(context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { end() }

  func channelActive(context: ChannelHandlerContext) {
    begin(context)
    context.fireChannelActive()
  }

  func channelInactive(context: ChannelHandlerContext) {
    end()
    context.fireChannelInactive()
  }

  private func begin(_ context: ChannelHandlerContext) {
    phaseBegan = context.eventLoop.now
    look(at: phaseBegan + limits.idleTimeout)
  }

  private func end() {
    if !isStream { task?.scheduled.cancel() }
    task = nil
    context = nil
  }

  func read(context: ChannelHandlerContext) {
    readIsWanted = true
    if case .body = phase { phaseBegan = context.eventLoop.now }
    context.read()
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    readIsWanted = false
    if phase == .closing { return }
    if heldReads != nil { heldReads?.append(data) } else { context.fireChannelRead(data) }
  }

  func channelReadComplete(context: ChannelHandlerContext) {
    readIsWanted = false
    if phase == .closing { context.read() } else { context.fireChannelReadComplete() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent {
      inputIsClosed = true
      if outputIsClosed { context.close(promise: nil) }
    }
    context.fireUserInboundEventTriggered(event)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    writtenBytes += unwrapOutboundIn(data).readableBytes
    context.write(data, promise: promise)
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .output, phase != .closing {
      closeOutput(context, promise: promise)
    } else {
      context.close(mode: mode, promise: promise)
    }
  }

  /// As the channel counts them; a channel that does not count has none.
  static func bufferedBytes(of channel: any Channel) -> Int {
    (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
  }
}
