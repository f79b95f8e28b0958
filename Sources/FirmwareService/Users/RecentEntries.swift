/// A dictionary that forgets what has not been used for the longest time, in steps of half its size: bounded memory, and no
/// list to keep in order.
struct RecentEntries<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private let half: Int
  private var younger: [Key: Value] = [:]
  private var older: [Key: Value] = [:]

  /// - Parameter capacity: the most entries.
  init(capacity: Int) { half = max(1, capacity / 2) }

  /// Reading a value counts as using it. Nil removes.
  subscript(key: Key) -> Value? {
    mutating get {
      if let value = younger[key] { return value }
      guard let value = older[key] else { return nil }
      self[key] = value
      return value
    }
    set {
      older[key] = nil
      younger[key] = newValue
      if younger.count >= half {
        older = younger
        younger = [:]
      }
    }
  }

  var count: Int { younger.count + older.count }
}
