import NIOCore

/// What one event loop has not looked at yet, in order, and so many bytes of it at most: a writer never waits for a loop. Once
/// a message does not go in, its topic has lost messages on that loop, and nothing of it goes in before the loop knows.
struct LiveInbox {
  enum Entry {
    case message(LiveTopic, [UInt8])
    /// A message to the topic was lost here.
    case lost(LiveTopic)
    case end(LiveOwner)
    /// There is something new in the store for those who listen to the topic.
    case wake(LiveTopic)
  }

  /// What a message takes beside its text, in bytes.
  static let overhead = 128

  private var entries = CircularBuffer<(entry: Entry, deliveries: Int)>()
  private var bytes = 0
  private var lost: Set<LiveTopic> = []
  private var woken: Set<LiveTopic> = []

  var isEmpty: Bool { entries.isEmpty }

  /// - Parameters:
  ///   - listeners: how many the topic has on this loop.
  ///   - most: how many bytes may wait.
  mutating func put(_ json: [UInt8], to topic: LiveTopic, listeners: Int, most: Int) {
    guard !lost.contains(topic) else { return }
    let size = json.count + Self.overhead
    guard bytes + size <= most else {
      lost.insert(topic)
      return entries.append((.lost(topic), listeners))
    }
    bytes += size
    entries.append((.message(topic, json), listeners))
  }

  mutating func put(endOf owner: LiveOwner) { entries.append((.end(owner), 1)) }

  /// Several that the loop has not looked at are one.
  mutating func put(wakeOf topic: LiveTopic, listeners: Int) {
    if woken.insert(topic).inserted { entries.append((.wake(topic), listeners)) }
  }

  /// Takes out what came first.
  /// - Parameter most: how many deliveries it is to be; the last message may go beyond.
  mutating func take(deliveries most: Int) -> [Entry] {
    var taken: [Entry] = []
    var deliveries = 0
    while deliveries < most, let (entry, listeners) = entries.popFirst() {
      deliveries += listeners
      taken.append(entry)
      switch entry {
      case .message(_, let json): bytes -= json.count + Self.overhead
      case .lost(let topic): lost.remove(topic)
      case .wake(let topic): woken.remove(topic)
      case .end: break
      }
    }
    return taken
  }
}
