public import Domain
import GRDB

/// When a thing was last heard of.
public struct HeardTime: Sendable {
  public let thingID: Int64
  public let at: Timestamp

  public init(thingID: Int64, at: Timestamp) {
    self.thingID = thingID
    self.at = at
  }
}

extension Catalog {
  /// How many times are asked for at once, and written by one statement.
  private static let timesAtOnce = 256

  /// Queues when things were last heard of.
  /// - Parameters:
  ///   - thingIDs: the row ids; in their order, so that each page is touched once.
  ///   - times: asked on the writer for the times of some of the things, as late as can be: what is written is never older than
  ///     what was written before. Asked again where the transaction is made again, and must not wait.
  public func recordHeard(
    _ thingIDs: [Int64], times: @escaping @Sendable (ArraySlice<Int64>) -> [HeardTime]
  ) -> PendingCommit {
    enqueue { db in
      var rest = thingIDs[...]
      while !rest.isEmpty {
        let part = times(rest.prefix(Self.timesAtOnce))
        rest = rest.dropFirst(Self.timesAtOnce)
        guard !part.isEmpty else { continue }
        try Self.record(part, db)
      }
    }
  }

  /// One statement for many things takes half of the time of one for each.
  private static func record(_ times: [HeardTime], _ db: Database) throws {
    var text = "{"
    text.reserveCapacity(times.count * 32)
    for (index, time) in times.enumerated() {
      text += index == 0 ? "\"" : ",\""
      text += String(time.thingID)
      text += "\":"
      text += String(time.at.milliseconds)
    }
    text += "}"
    try db.cachedStatement(
      sql: """
        UPDATE thing SET lastSeenAt = heard.value FROM json_each(?) AS heard WHERE thing.id = CAST(heard.key AS INTEGER)
        """
    ).execute(arguments: [text])
  }
}
