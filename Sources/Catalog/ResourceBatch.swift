public import Domain

/// Values of one thing that are written together, all or none.
public struct ResourceBatch: Sendable {
  public enum Change: Sendable {
    case append(StoredValue)
    /// A resource that is one document as a whole: this is its newest value from here on, whatever time is given.
    case replace(StoredValue)
    /// Merges objects into a resource that is one document (RFC 7396), one after another; refused where the document would
    /// have more bytes than `largest` then. Its newest value from here on, whatever time is given.
    case merge(key: String, patches: [JSONValue], datetime: Timestamp, largest: Int)
    /// Until when a user may link the thing by its id; nil for not at all.
    case allowLink(until: Timestamp?)
  }

  public let thingID: Int64
  public var changes: [Change]
  /// The user who writes, and must own the thing when it is committed; nil where the thing itself does.
  public let owner: Int64?
  /// When it came in.
  public let arrivedAt: Timestamp
  /// Runs on the writer once the batch is on the disk, in the order of commits, and must not wait. It is given who sees a
  /// resource of the thing by what is committed; asking costs a query.
  public let committed: @Sendable (_ whoSee: (_ key: String) -> Set<Int64>) -> Void

  public init(
    thingID: Int64, changes: [Change], owner: Int64? = nil, arrivedAt: Timestamp,
    committed: @escaping @Sendable (_ whoSee: (_ key: String) -> Set<Int64>) -> Void = { _ in }
  ) {
    self.thingID = thingID
    self.changes = changes
    self.owner = owner
    self.arrivedAt = arrivedAt
    self.committed = committed
  }
}
