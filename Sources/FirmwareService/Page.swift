/// A page of a list: what is on it, and where the next one begins.
public struct Page<Entry: Sendable>: Sendable {
  public let entries: [Entry]
  /// Nil on the last page.
  public let next: String?

  init(_ entries: [Entry], next: String?) {
    self.entries = entries
    self.next = next
  }
}

/// Which page of a list: up to `limit` entries after the one that the page before ended with.
public struct PageRequest: Sendable {
  public static let largest = 1000
  public let limit: Int
  public let after: String?

  public init(limit: Int?, after: String?) {
    self.limit = min(max(limit ?? 100, 1), Self.largest)
    self.after = after
  }

  /// The row id in `after`.
  func rowID() throws -> Int64? {
    guard let after else { return nil }
    guard let id = Int64(after) else { throw ServiceError(.malformed, "after: is no `next` of an earlier page") }
    return id
  }
}
