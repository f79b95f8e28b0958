public import NIOCore
import Synchronization

/// Who listens to what, in this process.
///
/// Subscribers live on their event loops; here is only the index that says which loops a topic concerns. A message is put into
/// the inbox of each of them under one lock, which is what keeps the order, and each loop writes it to its own.
public final class LiveChannels: Sendable {
  /// The subscriptions that are allowed at once where nothing is said.
  public static let defaultMostSubscriptions = 15_000
  /// The bytes that may wait for one loop where nothing is said.
  public static let defaultInboxBytes = 8 << 20
  /// How many deliveries a loop makes before its other connections have their turn.
  static let deliveriesInATurn = 1000
  /// What a loop is asked to do at once it does before it looks at its sockets again, and so a turn ends with a pause.
  static let pause = TimeAmount.microseconds(50)

  private struct State {
    var shards: [ObjectIdentifier: LiveShard] = [:]
    /// By the shard's index. A loop whose inbox is not empty has been woken.
    var inboxes: [LiveInbox] = []
    /// On which loops there are how many subscribers.
    var topics: [LiveTopic: [(shard: LiveShard, count: Int)]] = [:]
    /// How many subscriptions to a resource each user has.
    var users: [String: [Int64: Int]] = [:]
    var seats = 0
    var seatsOfOwners: [LiveOwner: Int] = [:]
  }

  private let state = Mutex(State())
  private let mostSubscriptions: Int
  private let mostOfOwner: Int
  private let inboxBytes: Int
  private let whenDelivered: @Sendable (Int) -> Void

  /// - Parameters:
  ///   - mostSubscriptions: how many may be open at once.
  ///   - mostOfOwner: how many on the same credentials; three quarters of all by default, so that nobody takes every seat.
  ///   - inboxBytes: how many bytes may wait for one loop; where more would, subscribers there are dropped.
  ///   - whenDelivered: told now and then how many messages were delivered since, each counted for every subscriber.
  public init(
    mostSubscriptions: Int = LiveChannels.defaultMostSubscriptions, mostOfOwner: Int? = nil,
    inboxBytes: Int = LiveChannels.defaultInboxBytes,
    whenDelivered: @escaping @Sendable (Int) -> Void = { _ in }
  ) {
    self.mostSubscriptions = mostSubscriptions
    self.mostOfOwner = mostOfOwner ?? (mostSubscriptions * 3 + 3) / 4
    self.inboxBytes = inboxBytes
    self.whenDelivered = whenDelivered
  }

  // MARK: Publishing

  /// Whether anybody listens to the topic: where not, nothing needs to be made for it.
  public func hasSubscribers(to topic: LiveTopic) -> Bool { state.withLock { $0.topics[topic] != nil } }

  /// The users who listen to a resource of that name.
  public func users(listeningTo key: String) -> [Int64] { state.withLock { $0.users[key].map { Array($0.keys) } ?? [] } }

  /// Hands messages on, each a JSON text, in this order and after all that were handed in before. Never waits for a subscriber.
  public func publish(_ messages: [(topic: LiveTopic, json: [UInt8])]) {
    let woken = state.withLock { state in
      var woken: [LiveShard] = []
      for (topic, json) in messages {
        for (shard, count) in state.topics[topic] ?? [] {
          if state.inboxes[shard.index].isEmpty { woken.append(shard) }
          state.inboxes[shard.index].put(json, to: topic, listeners: count, most: inboxBytes)
        }
      }
      return woken
    }
    wake(woken)
  }

  /// Tells those who listen to the topic that there is something new in the store, after all that was handed in before.
  public func wake(_ topic: LiveTopic) {
    let woken = state.withLock { state in
      var woken: [LiveShard] = []
      for (shard, count) in state.topics[topic] ?? [] {
        if state.inboxes[shard.index].isEmpty { woken.append(shard) }
        state.inboxes[shard.index].put(wakeOf: topic, listeners: count)
      }
      return woken
    }
    wake(woken)
  }

  /// Ends the subscriptions that rest on these credentials, with a last message that says why.
  public func end(_ owner: LiveOwner) {
    let woken = state.withLock { state in
      var woken: [LiveShard] = []
      for shard in state.shards.values {
        if state.inboxes[shard.index].isEmpty { woken.append(shard) }
        state.inboxes[shard.index].put(endOf: owner)
      }
      return woken
    }
    wake(woken)
  }

  private func wake(_ shards: [LiveShard]) {
    for shard in shards { shard.loop.execute { self.work(on: shard) } }
  }

  /// Delivers a part of what waits for a loop, and the rest after its other connections have had their turn.
  private func work(on shard: LiveShard) {
    let (entries, isRest) = state.withLock { state in
      let entries = state.inboxes[shard.index].take(deliveries: Self.deliveriesInATurn)
      return (entries, !state.inboxes[shard.index].isEmpty)
    }
    let taken = shard.handle(entries)
    if taken > 0 { whenDelivered(taken) }
    if isRest { shard.loop.scheduleTask(in: Self.pause) { self.work(on: shard) } }
  }

  // MARK: Subscribing

  /// How many subscriptions are open, or being opened.
  public var subscriptionCount: Int { state.withLock { $0.seats } }

  /// Asks for the right to one more subscription.
  public func takeSeat(for owner: LiveOwner) throws(LiveSeatRefusal) -> LiveSeat {
    try state.withLock { state throws(LiveSeatRefusal) in
      guard state.seats < mostSubscriptions else { throw .tooMany }
      guard state.seatsOfOwners[owner, default: 0] < mostOfOwner else { throw .tooManyOfOwner }
      state.seats += 1
      state.seatsOfOwners[owner, default: 0] += 1
    }
    return LiveSeat(of: self, for: owner)
  }

  func giveBackSeat(of owner: LiveOwner) {
    state.withLock { state in
      state.seats -= 1
      let left = state.seatsOfOwners[owner, default: 0] - 1
      state.seatsOfOwners[owner] = left > 0 ? left : nil
    }
  }

  /// Begins a subscription: what is published from here on is delivered. It must be called on `loop`, which the subscriber
  /// lives on and which keeps it until `cancel`.
  public func subscribe(_ subscriber: any LiveSubscriber, to plan: LivePlan, on loop: any EventLoop) -> LiveSubscription {
    let topics = Array(Set(plan.topics))
    let shard = state.withLock { state in
      let shard = Self.shard(of: loop, &state)
      for topic in topics { Self.count(topic, on: shard, 1, &state) }
      return shard
    }
    let subscription = LiveSubscription(subscriber: subscriber, topics: topics, owner: plan.owner, shard: shard)
    shard.add(subscription)
    return subscription
  }

  /// Ends a subscription, without a word to the subscriber. It must be called on its loop; a second time does nothing.
  public func cancel(_ subscription: LiveSubscription) {
    guard subscription.shard.remove(subscription) else { return }
    state.withLock { state in
      for topic in subscription.topics { Self.count(topic, on: subscription.shard, -1, &state) }
    }
  }

  private static func shard(of loop: any EventLoop, _ state: inout State) -> LiveShard {
    if let known = state.shards[ObjectIdentifier(loop)] { return known }
    let shard = LiveShard(loop: loop, index: state.inboxes.count)
    state.inboxes.append(LiveInbox())
    state.shards[ObjectIdentifier(loop)] = shard
    return shard
  }

  private static func count(_ topic: LiveTopic, on shard: LiveShard, _ change: Int, _ state: inout State) {
    var counts = state.topics[topic] ?? []
    if let place = counts.firstIndex(where: { $0.shard === shard }) {
      counts[place].count += change
      if counts[place].count == 0 { counts.remove(at: place) }
    } else {
      counts.append((shard, change))
    }
    state.topics[topic] = counts.isEmpty ? nil : counts
    guard case .resource(let userID, let key) = topic else { return }
    let left = (state.users[key]?[userID] ?? 0) + change
    state.users[key, default: [:]][userID] = left == 0 ? nil : left
    if state.users[key]?.isEmpty == true { state.users[key] = nil }
  }
}
