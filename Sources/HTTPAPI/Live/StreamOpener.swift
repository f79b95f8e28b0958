import Domain
import FirmwareService
import HTTPTypes
import Hummingbird
import LiveChannels
import NIOCore

/// Answers a request with a stream: as a chunked body, as server-sent events or as a WebSocket, whichever the request asks for
/// (wire page, sections 3.4 and 2.1); one of HTTP/1.0, which knows no chunks, with a body that ends with the connection.
/// What may be listened to is the route's to say.
struct StreamOpener: Sendable {
  /// The first message of every stream.
  static let subscribed = Array(#"{"status":"success","message":"subscribed"}"#.utf8)

  let service: FirmwareService
  let settings: APISettings

  /// - Returns: the head of the stream's answer; the connection writes it, and everything that follows. Where a request has no
  ///   connection of its own, a whole answer with the first message.
  /// - Throws: `APIError`: 503 where there are too many subscriptions, 400 and 426 for a faulty WebSocket handshake.
  func open(_ plan: LivePlan, for request: Request, _ context: APIContext) throws -> Response {
    guard let live = context.live else { return .jsonBytes(Self.subscribed) }
    let answer = try answer(to: request, isChunked: live.isChunked)
    live.give(
      LiveOpening(
        plan: plan, seat: try seat(for: plan.owner), framing: answer.framing, keepAlive: keepAlive(of: request),
        endsIn: endsIn(plan)))
    return answer.response
  }

  /// A stream of server-sent events, whatever the request accepts, that begins with what is stored.
  /// - Returns: the same as above; a whole answer has the events that are stored now.
  func open(_ plan: LivePlan, _ replay: LiveReplay, for request: Request, _ context: APIContext) async throws -> Response {
    var headers: HTTPFields = [.contentType: "text/event-stream", .cacheControl: "no-cache"]
    guard let live = context.live else {
      let stored = try await replay.page(replay.after).flatMap(\.message)
      return .jsonBytes(LivePhrases.serverSent.first + stored, headers: headers)
    }
    headers[.connection] = "close"
    if live.isChunked { headers[.transferEncoding] = "chunked" }
    // Each message is a whole event already.
    live.give(
      LiveOpening(
        plan: plan, seat: try seat(for: plan.owner), framing: live.isChunked ? .chunk : .plain,
        keepAlive: .milliseconds(settings.eventKeepAlive), endsIn: endsIn(plan), phrases: .serverSent, replay: replay))
    return Response(status: .ok, headers: headers)
  }

  private func endsIn(_ plan: LivePlan) -> TimeAmount? {
    plan.endsAt.map { .milliseconds(max(0, $0.milliseconds - service.now.milliseconds)) }
  }

  private func seat(for owner: LiveOwner) throws -> LiveSeat {
    do { return try service.live.takeSeat(for: owner) } catch {
      let message =
        switch error {
        case .tooMany: "too many subscriptions are open"
        case .tooManyOfOwner: "too many subscriptions are open with this token"
        }
      throw APIError(
        status: .serviceUnavailable, code: "too-many-subscriptions", message: message, headers: [.retryAfter: "60"])
    }
  }

  private func answer(to request: Request, isChunked: Bool) throws -> (framing: LiveFraming, response: Response) {
    if request.asksForWebSocket {
      let headers: HTTPFields = [
        .upgrade: "websocket", .connection: "Upgrade", .secWebSocketAccept: try WebSocketHandshake.accept(request.headers),
      ]
      return (.webSocket, Response(status: .switchingProtocols, headers: headers))
    }
    var headers: HTTPFields = [.contentType: "application/json", .connection: "close"]
    if isChunked { headers = [.transferEncoding: "chunked", .contentType: "application/json", .connection: "close"] }
    guard request.headers[values: .accept].contains(where: { $0.lowercased().contains("text/event-stream") }) else {
      return (isChunked ? .chunk : .plain, Response(status: .ok, headers: headers))
    }
    headers[.contentType] = "text/event-stream"
    headers[.cacheControl] = "no-cache"
    return (isChunked ? .event : .plainEvent, Response(status: .ok, headers: headers))
  }

  /// The `keepAlive` of the query in milliseconds, out of range clamped and anything else the default: devices cannot recover
  /// from a 400. A twentieth less, since there are clients that give up after exactly that time.
  private func keepAlive(of request: Request) -> TimeAmount {
    let asked = request.query("keepAlive").flatMap { Int64($0) } ?? settings.defaultKeepAlive
    let milliseconds = min(max(asked, settings.smallestKeepAlive), Int64(Int32.max))
    return .microseconds(milliseconds * 950)
  }
}

extension Request {
  /// Whether the client wants to speak WebSocket from here on (RFC 6455 section 4.2.1).
  var asksForWebSocket: Bool {
    headers.hasToken("websocket", in: .upgrade) && headers.hasToken("upgrade", in: .connection)
  }
}

extension HTTPFields {
  /// Whether a list header has this member, in any case.
  func hasToken(_ token: String, in name: HTTPField.Name) -> Bool {
    self[values: name].contains { line in
      line.split(separator: ",").contains { member in
        member.filter { $0 != " " && $0 != "\t" }.lowercased() == token
      }
    }
  }
}
