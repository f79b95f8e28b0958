import NIOCore

/// Those who listen on one event loop, in tables that only this loop touches: no lock is held while messages are written.
final class LiveShard: @unchecked Sendable {
  /// What has been handed in for the subscribers of a loop, in order.
  enum Entry {
    case message(LiveTopic, [UInt8])
    case end(LiveOwner, String)
  }

  let loop: any EventLoop
  /// Its place among the inboxes.
  let index: Int
  private var byTopic: [LiveTopic: [ObjectIdentifier: LiveSubscription]] = [:]
  private var byOwner: [LiveOwner: [ObjectIdentifier: LiveSubscription]] = [:]

  init(loop: any EventLoop, index: Int) {
    self.loop = loop
    self.index = index
  }

  func add(_ subscription: LiveSubscription) {
    loop.preconditionInEventLoop()
    let id = ObjectIdentifier(subscription)
    for topic in subscription.topics { byTopic[topic, default: [:]][id] = subscription }
    byOwner[subscription.owner, default: [:]][id] = subscription
  }

  /// - Returns: false where it is gone already.
  func remove(_ subscription: LiveSubscription) -> Bool {
    loop.preconditionInEventLoop()
    let id = ObjectIdentifier(subscription)
    guard byOwner[subscription.owner]?.removeValue(forKey: id) != nil else { return false }
    if byOwner[subscription.owner]?.isEmpty == true { byOwner[subscription.owner] = nil }
    for topic in subscription.topics {
      byTopic[topic]?[id] = nil
      if byTopic[topic]?.isEmpty == true { byTopic[topic] = nil }
    }
    return true
  }

  /// - Returns: how many messages were taken, each counted for every subscriber.
  func handle(_ entries: [Entry]) -> Int {
    let now = loop.now
    var taken = 0
    for entry in entries {
      switch entry {
      case .message(let topic, let json):
        guard let listeners = byTopic[topic] else { continue }
        taken += deliver(json, to: listeners.values, at: now)
      case .end(let owner, let message):
        for subscription in byOwner[owner].map({ Array($0.values) }) ?? [] { subscription.subscriber.end(because: message) }
      }
    }
    return taken
  }

  /// Packs a message at most once in each form. A subscriber that gives up in the middle changes the tables, not this walk.
  private func deliver(_ json: [UInt8], to listeners: some Sequence<LiveSubscription>, at now: NIODeadline) -> Int {
    var taken = 0
    var chunk: ByteBuffer?
    var event: ByteBuffer?
    var webSocket: ByteBuffer?
    var plain: ByteBuffer?
    var plainEvent: ByteBuffer?
    func packed(_ framing: LiveFraming, _ known: inout ByteBuffer?) -> ByteBuffer {
      if let known { return known }
      let made = framing.frame(json)
      known = made
      return made
    }
    for listener in listeners {
      let message =
        switch listener.subscriber.framing {
        case .chunk: packed(.chunk, &chunk)
        case .event: packed(.event, &event)
        case .webSocket: packed(.webSocket, &webSocket)
        case .plain: packed(.plain, &plain)
        case .plainEvent: packed(.plainEvent, &plainEvent)
        }
      if listener.subscriber.deliver(message, at: now) { taken += 1 }
    }
    return taken
  }
}
