import NIOCore
import NIOEmbedded
import NIOPosix
import Synchronization
import Testing

@testable import LiveChannels

@Suite struct LiveChannelsTests {
  /// Notes what it gets; on an embedded loop all of it happens on the test's thread.
  final class Listener: LiveSubscriber {
    let framing: LiveFraming
    private(set) var messages: [ByteBuffer] = []
    private(set) var ends: [String] = []
    var whenDelivered: () -> Void = {}

    init(_ framing: LiveFraming = .chunk) { self.framing = framing }

    var texts: [String] { messages.map { String(buffer: $0) } }

    func deliver(_ message: ByteBuffer, at now: NIODeadline) -> Bool {
      messages.append(message)
      whenDelivered()
      return true
    }

    func fallBehind() { ends.append("behind") }

    func end(because message: String) { ends.append(message) }
  }

  private let loop = EmbeddedEventLoop()
  private let channels = LiveChannels(mostSubscriptions: 2)

  private func plan(_ topics: LiveTopic..., owner: LiveOwner = .thing(1)) -> LivePlan {
    LivePlan(topics: topics, owner: owner)
  }

  private func publish(_ topic: LiveTopic, _ text: String) { channels.publish([(topic, Array(text.utf8))]) }

  @Test func theIndexKnowsWhoListens() {
    let topic = LiveTopic.resource(userID: 7, key: "temperature")
    #expect(!channels.hasSubscribers(to: topic))
    let (one, two) = (Listener(), Listener())
    let first = channels.subscribe(one, to: plan(topic, topic, .thing(3)), on: loop)
    let second = channels.subscribe(two, to: plan(topic), on: loop)
    let other = channels.subscribe(Listener(), to: plan(.resource(userID: 8, key: "temperature")), on: loop)
    #expect(channels.hasSubscribers(to: topic) && channels.hasSubscribers(to: .thing(3)))
    #expect(channels.users(listeningTo: "temperature").sorted() == [7, 8])
    channels.cancel(first)
    channels.cancel(first)
    #expect(channels.hasSubscribers(to: topic) && !channels.hasSubscribers(to: .thing(3)))
    channels.cancel(second)
    #expect(!channels.hasSubscribers(to: topic))
    #expect(channels.users(listeningTo: "temperature") == [8])
    channels.cancel(other)
    #expect(channels.users(listeningTo: "temperature").isEmpty)
  }

  @Test func eachFormIsPackedOnceAndSharedByAll() {
    let listeners = LiveFraming.allCases.flatMap { [Listener($0), Listener($0)] }
    for listener in listeners { _ = channels.subscribe(listener, to: plan(.thing(1)), on: loop) }
    publish(.thing(1), "[1]")
    #expect(listeners.allSatisfy { $0.messages.isEmpty })
    loop.run()
    #expect(listeners[0].texts == ["3\r\n[1]\r\n"])
    #expect(listeners[2].texts == ["b\r\ndata: [1]\n\n\r\n"])
    #expect(listeners[4].messages == [ByteBuffer(bytes: [0x81, 3, 0x5B, 0x31, 0x5D])])
    #expect(listeners[6].texts == ["[1]"])
    #expect(listeners[8].texts == ["data: [1]\n\n"])
    for pair in [0, 2, 4, 6, 8] {
      let places = [listeners[pair], listeners[pair + 1]].map { listener in
        listener.messages[0].withUnsafeReadableBytes { $0.baseAddress }
      }
      #expect(places[0] == places[1])
    }
  }

  @Test func whatWasPublishedBeforeIsNotDelivered() {
    publish(.thing(1), "[1]")
    let listener = Listener()
    _ = channels.subscribe(listener, to: plan(.thing(1)), on: loop)
    publish(.thing(2), "[2]")
    loop.run()
    #expect(listener.messages.isEmpty)
  }

  @Test func oneThatLeavesInTheMiddleOfAMessageHindersNobody() {
    let listeners = (0..<5).map { _ in Listener() }
    var subscriptions: [LiveSubscription] = []
    for listener in listeners {
      let subscription = channels.subscribe(listener, to: plan(.thing(1)), on: loop)
      subscriptions.append(subscription)
      listener.whenDelivered = { [channels] in channels.cancel(subscription) }
    }
    publish(.thing(1), "[1]")
    publish(.thing(1), "[2]")
    loop.run()
    #expect(listeners.allSatisfy { $0.texts == ["3\r\n[1]\r\n"] })
    #expect(!channels.hasSubscribers(to: .thing(1)))
  }

  @Test func anEndComesInItsTurnAndToItsOwnAlone() {
    let (mine, others) = (Listener(), Listener())
    _ = channels.subscribe(mine, to: plan(.thing(1), owner: .session([1])), on: loop)
    _ = channels.subscribe(others, to: plan(.thing(1), owner: .session([2])), on: loop)
    publish(.thing(1), "[1]")
    channels.end(.session([1]))
    loop.run()
    #expect(mine.texts.count == 1 && mine.ends == ["the session has ended"])
    #expect(others.texts.count == 1 && others.ends.isEmpty)
  }

  @Test func soManyBytesWaitForALoopAndThoseWhoLostSomethingAreTold() {
    let most = 3 * (LiveInbox.overhead + 10)
    let channels = LiveChannels(inboxBytes: most)
    let (flooded, also, other) = (Listener(), Listener(.plain), Listener(.plain))
    let subscriptions = [flooded, also].map { channels.subscribe($0, to: plan(.thing(1)), on: loop) }
    _ = channels.subscribe(other, to: plan(.thing(2)), on: loop)
    func publish(_ topic: Int64, _ count: Int) { channels.publish([(.thing(topic), [UInt8](repeating: 0x31, count: count))]) }
    publish(2, 1)
    publish(1, 19)
    // One that would fit again is not delivered behind the gap.
    for count in [11, 1, 1, 1] { publish(1, count) }
    publish(2, 2)
    #expect(flooded.messages.isEmpty && other.messages.isEmpty)
    loop.run()
    #expect(flooded.messages.count == 1 && flooded.ends == ["behind"] && also.ends == ["behind"], "once, and after the first")
    #expect(other.texts == ["1", "11"] && other.ends.isEmpty)
    // They go, and those who come hear what is published then.
    for subscription in subscriptions { channels.cancel(subscription) }
    let next = Listener(.plain)
    _ = channels.subscribe(next, to: plan(.thing(1)), on: loop)
    for _ in 0..<10 {
      for _ in 0..<3 { publish(1, 10) }
      loop.run()
    }
    #expect(next.messages.count == 30 && next.ends.isEmpty, "what was delivered waits no more")
    publish(1, most)
    loop.run()
    #expect(next.ends == ["behind"], "more than all that may wait is lost at once")
  }

  @Test func aLoopDeliversInTurnsAndInOrder() {
    let channels = LiveChannels()
    let listeners = (0..<400).map { _ in Listener(.plain) }
    for listener in listeners { _ = channels.subscribe(listener, to: plan(.thing(1)), on: loop) }
    for number in 0..<9 { channels.publish([(.thing(1), Array("\(number)".utf8))]) }
    var seen: [Int] = []
    for _ in 0..<4 {
      loop.run()
      seen.append(listeners[0].messages.count)
      #expect(listeners.allSatisfy { $0.messages.count == seen.last })
      // What comes in between is not overtaken, and wakes the loop no second time.
      channels.publish([(.thing(1), Array("\(8 + seen.count)".utf8))])
      loop.advanceTime(by: LiveChannels.pause)
    }
    loop.advanceTime(by: .seconds(1))
    #expect(seen == [3, 6, 9, 12])
    #expect(listeners.allSatisfy { $0.texts == (0..<13).map(String.init) })
  }

  @Test func seatsAreLimitedAndGivenBack() throws {
    var seats = try [1, 2].map { try channels.takeSeat(for: .thing($0)) }
    #expect(throws: LiveSeatRefusal.tooMany) { try channels.takeSeat(for: .thing(3)) }
    #expect(channels.subscriptionCount == 2)
    seats.removeLast()
    #expect(channels.subscriptionCount == 1)
    seats.append(try channels.takeSeat(for: .thing(3)))
  }

  @Test func nobodyTakesAllSeats() throws {
    let channels = LiveChannels(mostSubscriptions: 8)
    var seats = try (0..<6).map { _ in try channels.takeSeat(for: .session([1])) }
    #expect(throws: LiveSeatRefusal.tooManyOfOwner) { try channels.takeSeat(for: .session([1])) }
    seats.append(try channels.takeSeat(for: .session([2])))
    seats.removeFirst()
    seats.append(try channels.takeSeat(for: .session([1])))
    #expect(throws: LiveSeatRefusal.tooManyOfOwner) { try channels.takeSeat(for: .session([1])) }
    #expect(channels.subscriptionCount == 7)
    // A server of a few seats still gives one to whoever comes first.
    _ = try LiveChannels(mostSubscriptions: 1).takeSeat(for: .thing(1))
  }

}

@Suite struct LiveOrderTests {
  /// Counts up to an end, from one loop.
  final class Counter: LiveSubscriber {
    let framing = LiveFraming.chunk
    private var got: [String] = []
    private let wanted: Int
    private let done: EventLoopPromise<[String]>

    init(_ wanted: Int, _ done: EventLoopPromise<[String]>) {
      self.wanted = wanted
      self.done = done
    }

    func deliver(_ message: ByteBuffer, at now: NIODeadline) -> Bool {
      got.append(String(buffer: message))
      if got.count == wanted { done.succeed(got) }
      return true
    }

    func fallBehind() {}

    func end(because message: String) {}
  }

  @Test func manyWritersAndLoopsKeepOneOrder() async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 3)
    let channels = LiveChannels()
    let count = 2000
    var results: [EventLoopFuture<[String]>] = []
    for _ in 0..<6 {
      let loop = group.next()
      let done = loop.makePromise(of: [String].self)
      results.append(done.futureResult)
      try await loop.submit {
        _ = channels.subscribe(Counter(count, done), to: LivePlan(topics: [.thing(1)], owner: .thing(1)), on: loop)
      }.get()
    }
    await withTaskGroup(of: Void.self) { tasks in
      for writer in 0..<4 {
        tasks.addTask {
          for number in 0..<(count / 4) { channels.publish([(.thing(1), Array("[\(writer),\(number)]".utf8))]) }
        }
      }
    }
    let orders = try await EventLoopFuture.whenAllSucceed(results, on: group.next()).get()
    for order in orders { #expect(order == orders[0]) }
    try await group.shutdownGracefully()
  }
}
