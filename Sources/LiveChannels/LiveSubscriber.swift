public import NIOCore

/// One who listens, on one event loop: every call comes on it.
public protocol LiveSubscriber: AnyObject {
  /// How messages have to be packed for it.
  var framing: LiveFraming { get }

  /// Takes a message that is packed already, and shared with everybody who takes it in the same form. It must not block.
  /// - Returns: whether it was taken.
  func deliver(_ message: ByteBuffer, at now: NIODeadline) -> Bool

  /// There is something new in the store for one who reads it there.
  func wake()

  /// Messages to it were lost on the way: none will follow.
  func fallBehind()

  /// The credentials have ended: no message will follow.
  func end(because message: String)
}

extension LiveSubscriber {
  public func wake() {}
}

/// A place in the tables of one event loop. It is given back by `LiveChannels.cancel`, on that loop.
public final class LiveSubscription {
  let subscriber: any LiveSubscriber
  let topics: [LiveTopic]
  /// Where it stands among the listeners to each of its topics on this loop.
  var places: [Int]
  let owner: LiveOwner
  let shard: LiveShard

  init(subscriber: any LiveSubscriber, topics: [LiveTopic], owner: LiveOwner, shard: LiveShard) {
    self.subscriber = subscriber
    self.topics = topics
    places = Array(repeating: 0, count: topics.count)
    self.owner = owner
    self.shard = shard
  }
}
