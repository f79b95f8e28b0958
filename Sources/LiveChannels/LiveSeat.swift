/// The right to one of the subscriptions that the service allows at once; given back when nobody holds it any more.
public final class LiveSeat: Sendable {
  private let channels: LiveChannels
  private let owner: LiveOwner

  init(of channels: LiveChannels, for owner: LiveOwner) {
    self.channels = channels
    self.owner = owner
  }

  deinit { channels.giveBackSeat(of: owner) }
}

/// Why there is no seat.
public enum LiveSeatRefusal: Error {
  /// All are taken.
  case tooMany
  /// This owner has taken their share.
  case tooManyOfOwner
}
