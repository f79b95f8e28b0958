import LiveChannels
import NIOCore
import Synchronization

/// What a route has decided on a subscription, on its way to the connection that will carry it.
struct LiveOpening: Sendable {
  let plan: LivePlan
  let seat: LiveSeat
  let framing: LiveFraming
  /// How long the stream may be silent.
  let keepAlive: TimeAmount
  /// How long the credentials last; nil for as long as nobody ends them.
  let endsIn: TimeAmount?
  /// What is said beside the messages.
  var phrases = LivePhrases.json
  /// What the stream reads in the store; nil for one that only hands on what is published.
  var replay: LiveReplay?
}

/// What a stream says beside its messages, in the form of these.
struct LivePhrases: Sendable {
  let first: [UInt8]
  /// When nothing was said for long.
  let silence: [UInt8]
  /// The last message, with the reason of the end quoted as JSON.
  let end: @Sendable (_ reason: String) -> String

  static let json = LivePhrases(
    first: StreamOpener.subscribed, silence: Array("{}".utf8), end: { "{\"status\":\"error\",\"message\":\($0)}" })
  /// Comments, which no reader of server-sent events sees. None of its own events is called `end`.
  static let serverSent = LivePhrases(
    first: Array(": subscribed\n\n".utf8), silence: Array(":\n\n".utf8),
    end: { "event: end\ndata: {\"status\":\"error\",\"message\":\($0)}\n\n" })
}

/// Brings an opening from a route to the connection that asked. Only a request that the connection itself sends through the
/// router has one.
final class LiveHandover: Sendable {
  /// Whether the client can read a chunked body.
  let isChunked: Bool
  private let opening = Mutex<LiveOpening?>(nil)

  init(isChunked: Bool = true) { self.isChunked = isChunked }

  func give(_ new: LiveOpening) { opening.withLock { $0 = new } }

  func take() -> LiveOpening? {
    opening.withLock { opening in
      defer { opening = nil }
      return opening
    }
  }
}
