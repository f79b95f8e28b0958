import NIOCore

/// Those who listen on one event loop, in tables that only this loop touches: no lock is held while messages are written.
final class LiveShard: @unchecked Sendable {
  let loop: any EventLoop
  /// Its place among the inboxes.
  let index: Int
  /// What a walk through the listeners to a topic needs of each, side by side in memory.
  private struct Listener {
    let subscriber: any LiveSubscriber
    let framing: LiveFraming
    let subscription: LiveSubscription
  }

  private var byTopic: [LiveTopic: [Listener]] = [:]
  private var byOwner: [LiveOwner: [ObjectIdentifier: LiveSubscription]] = [:]

  init(loop: any EventLoop, index: Int) {
    self.loop = loop
    self.index = index
  }

  func add(_ subscription: LiveSubscription) {
    loop.preconditionInEventLoop()
    for (number, topic) in subscription.topics.enumerated() {
      subscription.places[number] = byTopic[topic]?.count ?? 0
      byTopic[topic, default: []].append(
        Listener(
          subscriber: subscription.subscriber, framing: subscription.subscriber.framing, subscription: subscription))
    }
    byOwner[subscription.owner, default: [:]][ObjectIdentifier(subscription)] = subscription
  }

  /// - Returns: false where it is gone already.
  func remove(_ subscription: LiveSubscription) -> Bool {
    loop.preconditionInEventLoop()
    let id = ObjectIdentifier(subscription)
    guard byOwner[subscription.owner]?.removeValue(forKey: id) != nil else { return false }
    if byOwner[subscription.owner]?.isEmpty == true { byOwner[subscription.owner] = nil }
    for (topic, place) in zip(subscription.topics, subscription.places) { removePlace(place, of: topic) }
    return true
  }

  /// The last takes the place that becomes free.
  private func removePlace(_ place: Int, of topic: LiveTopic) {
    guard let last = byTopic[topic]?.popLast() else { return }
    guard let count = byTopic[topic]?.count, count > 0 else { return byTopic[topic] = nil }
    guard place < count else { return }
    byTopic[topic]?[place] = last
    if let number = last.subscription.topics.firstIndex(of: topic) { last.subscription.places[number] = place }
  }

  /// - Returns: how many messages were taken, each counted for every subscriber.
  func handle(_ entries: [LiveInbox.Entry]) -> Int {
    let now = loop.now
    var taken = 0
    for entry in entries {
      switch entry {
      case .message(let topic, let json):
        guard let listeners = byTopic[topic] else { continue }
        taken += deliver(json, to: listeners, at: now)
      case .wake(let topic):
        for listener in byTopic[topic] ?? [] { listener.subscriber.wake() }
      case .lost(let topic):
        for listener in byTopic[topic] ?? [] { listener.subscriber.fallBehind() }
      case .end(let owner):
        for subscription in byOwner[owner].map({ Array($0.values) }) ?? [] {
          subscription.subscriber.end(because: owner.ending)
        }
      }
    }
    return taken
  }

  /// Packs a message at most once in each form. A subscriber that gives up in the middle changes the tables, not this walk.
  private func deliver(_ json: [UInt8], to listeners: [Listener], at now: NIODeadline) -> Int {
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
        switch listener.framing {
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
