import HTTPTypes
public import Hummingbird
public import LiveChannels
import Logging
import NIOCore

/// What a connection needs in order to answer requests for streams by itself: the same responder as everybody's, so that
/// routes, authentication, errors and figures are in one place, and the channels that streams are fed from.
public struct LiveServing: Sendable {
  /// An answer of the router, with its body where that is at hand.
  struct Answer: Sendable {
    let response: Response
    /// Nil for one that is too long to be held, or whose length nobody knows.
    let body: ByteBuffer?
  }

  /// The longest body that is held for an answer that turned out to be no stream, in bytes.
  private static let longestBody = 1 << 20

  let channels: LiveChannels
  let figures = LiveFigures()
  private let responder: any HTTPResponder<APIContext>

  public init(responder: some HTTPResponder<APIContext>, channels: LiveChannels) {
    self.responder = responder
    self.channels = channels
  }

  func answer(_ head: HTTPRequest, on channel: any Channel, log: Logger, _ handover: LiveHandover) async -> Answer {
    var log = log
    log[metadataKey: "hb.request.id"] = .stringConvertible(RequestID())
    var context = APIContext(source: ApplicationRequestContextSource(channel: channel, logger: log))
    context.live = handover
    let request = Request(head: head, body: RequestBody(buffer: ByteBuffer()))
    var response: Response
    var body: ByteBuffer?
    do {
      response = try await responder.respond(to: request, context: context)
      if let length = response.body.contentLength, length <= Self.longestBody {
        let collected = CollectedBody()
        try await response.body.write(collected)
        body = collected.bytes
      }
    } catch {
      response = Response(status: .internalServerError)
      body = ByteBuffer()
    }
    response.headers[.date] = HTTPDate.now()
    return Answer(response: response, body: body)
  }
}

/// Takes a body into memory.
private final class CollectedBody: ResponseBodyWriter {
  private(set) var bytes = ByteBuffer()

  func write(_ buffer: ByteBuffer) async throws { bytes.writeImmutableBuffer(buffer) }

  func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
