import NIOCore
import NIOHTTP1

/// Knows how far the requests and responses of a connection have come. It stands next to the decoder, and so sees every request
/// and every response, whoever answers; it tells the two handlers before the decoder what the bytes meant.
///
/// It also keeps the promises of HTTP/1 that belong to nobody else: `100 Continue`, the answer to what is not HTTP, and the
/// close after the last response.
final class RequestProgressHandler: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let lineEndings: LineEndingHandler
  private let deadlines: RequestDeadlineHandler
  /// Responses that have ended, and who wants to know of each.
  private(set) var responsesEnded = 0
  var whenResponseEnds: () -> Void = {}
  /// Requests that have begun and whose responses have not ended.
  private var responsesOwed = 0
  private var responseHasBegun = false
  /// Between the head and the end of a request.
  private var isReadingBody = false
  private var expectsContinue = false
  /// The client speaks HTTP/1.0: it knows no chunks, and keeps a connection only where it is told so in so many words.
  private(set) var speaksHTTP10 = false
  /// The request read last is the last of the connection; what comes after it is not looked at.
  private var lastRequestSeen = false
  /// The connection ends with the response being written.
  private var isLastResponse = false
  private(set) var isQuiescing = false
  private var failure: ConnectionRefusal?
  /// A response that nobody is owed: it is being dropped up to its end.
  private var isDroppingResponse = false

  init(lineEndings: LineEndingHandler, deadlines: RequestDeadlineHandler) {
    self.lineEndings = lineEndings
    self.deadlines = deadlines
  }

  // MARK: Requests

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      guard !lastRequestSeen else { return }
      let head = begin(head)
      context.fireChannelRead(wrapInboundOut(.head(head)))
    case .body:
      guard isReadingBody else { return }
      expectsContinue = false
      context.fireChannelRead(data)
    case .end:
      guard isReadingBody else { return }
      isReadingBody = false
      expectsContinue = false
      deadlines.isOperatorsRequest = false
      lineEndings.requestEnded()
      updatePhase()
      context.fireChannelRead(data)
    }
  }

  private func begin(_ head: HTTPRequestHead) -> HTTPRequestHead {
    responsesOwed += 1
    isReadingBody = true
    speaksHTTP10 = head.version != .http1_1
    deadlines.isOperatorsRequest = head.uri.hasPrefix("/api/")
    lineEndings.headEnded(bodyLength: bodyLength(of: head))
    expectsContinue =
      head.version == .http1_1
      && head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    // The decoder reads nothing after a request that asks for another protocol, whatever comes of it.
    let endsConnection = !head.isKeepAlive || head.method == .CONNECT || head.headers.contains(name: "upgrade")
    guard endsConnection else { return head }
    lastRequestSeen = true
    if head.headers.contains(name: "upgrade") {
      lineEndings.stop()
      // Whoever can speak that protocol must see that it was asked for.
      return head
    }
    // Whatever said so, the framework looks for exactly this.
    var head = head
    head.headers.replaceOrAdd(name: "Connection", value: "close")
    return head
  }

  private func bodyLength(of head: HTTPRequestHead) -> Int? {
    if head.headers.contains(name: "transfer-encoding") { return nil }
    return head.headers.first(name: "content-length").flatMap { Int($0) } ?? 0
  }

  /// Answers what is not HTTP once everything before it has been answered, where nobody else does.
  func refuseFailure() { deadlines.refuse(failure ?? .malformed) }

  func channelReadComplete(context: ChannelHandlerContext) {
    // A client that has not waited needs no leave; one that is refused at once gets none.
    if expectsContinue, isReadingBody, responsesOwed == 1, !responseHasBegun {
      let head = HTTPResponseHead(version: .http1_1, status: .continue)
      context.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }
    expectsContinue = false
    updatePhase()
    context.fireChannelReadComplete()
  }

  /// Answers what is not HTTP, if nothing is owed before; else whoever answers learns of it after what was asked before.
  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError else { return context.fireErrorCaught(error) }
    let refusal = ConnectionRefusal(error)
    failure = refusal
    if responsesOwed == 0, !isReadingBody { deadlines.refuse(refusal) } else { context.fireErrorCaught(error) }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent:
      isQuiescing = true
      if responsesOwed == 0 { deadlines.closeIdle() }
    case ChannelEvent.inputClosed where responsesOwed == 0:
      deadlines.closeAfterLastByte()
      context.fireUserInboundEventTriggered(event)
    default:
      context.fireUserInboundEventTriggered(event)
    }
  }

  private func updatePhase() {
    if isReadingBody {
      deadlines.enter(.body(responseBegun: responseHasBegun || responsesOwed != 1))
    } else if responsesOwed > 0 {
      deadlines.enter(.answering)
    } else {
      deadlines.enter(lineEndings.isInsideHead ? .head : .idle)
    }
  }

  // MARK: Responses

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head) where (100..<200).contains(head.status.code):
      context.write(data, promise: promise)
    case .head(let head):
      // The framework answers a body that is not HTTP without a word: ours goes out in its place there too.
      let hasFailed = failure != nil && isReadingBody && responsesOwed == 1
      guard responsesOwed > 0, !hasFailed else { return dropUnowed(promise) }
      context.write(wrapOutboundOut(.head(begin(head))), promise: promise)
    case .body:
      if isDroppingResponse { promise?.succeed() } else { context.write(data, promise: promise) }
    case .end:
      if isDroppingResponse {
        isDroppingResponse = false
        promise?.succeed()
      } else {
        end(context: context, data: data, promise: promise)
      }
    }
  }

  private func begin(_ head: HTTPResponseHead) -> HTTPResponseHead {
    responseHasBegun = true
    if (lastRequestSeen || isQuiescing) && responsesOwed == 1 { isLastResponse = true }
    if head.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "close" }) {
      isLastResponse = true
      return head
    }
    guard isLastResponse || speaksHTTP10 else { return head }
    var head = head
    head.headers.add(name: "Connection", value: isLastResponse ? "close" : "keep-alive")
    return head
  }

  private func end(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    responsesOwed -= 1
    responsesEnded += 1
    responseHasBegun = false
    context.write(data, promise: promise)
    defer { whenResponseEnds() }
    if isLastResponse || (responsesOwed == 0 && (isQuiescing || lastRequestSeen)) {
      context.flush()
      deadlines.closeAfterLastByte()
    } else {
      updatePhase()
    }
  }

  /// The framework's answer to a failure of the decoder: it comes in its turn, and ours goes out in its place.
  private func dropUnowed(_ promise: EventLoopPromise<Void>?) {
    isDroppingResponse = true
    promise?.succeed()
    deadlines.refuse(failure ?? .malformed)
  }
}
