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
