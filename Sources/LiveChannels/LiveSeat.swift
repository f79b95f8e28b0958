/// The right to one of the subscriptions that the service allows at once; given back when nobody holds it any more.
public final class LiveSeat: Sendable {
  private let channels: LiveChannels

  init(of channels: LiveChannels) { self.channels = channels }

  deinit { channels.giveBackSeat() }
}
