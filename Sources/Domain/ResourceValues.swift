/// A value of a resource, with everything that is JSON in it as text: it is stored, read and handed to listeners as it stands.
public struct StoredValue: Sendable, Hashable {
  public let key: String
  /// JSON.
  public let value: String
  public let datetime: Timestamp
  /// JSON, where the value came with a place.
  public let geo: String?

  public init(key: String, value: String, datetime: Timestamp, geo: String? = nil) {
    self.key = key
    self.value = value
    self.datetime = datetime
    self.geo = geo
  }
}

/// Which values of a resource are asked for: the newest, from `start` inclusive to `end` exclusive.
public struct ValueRange: Sendable, Hashable {
  public var start = Timestamp(milliseconds: .min)
  public var end = Timestamp(milliseconds: .max)
  public var limit = 1

  public init() {}

  /// The newest so many of all.
  public static func newest(_ limit: Int) -> ValueRange {
    var range = ValueRange()
    range.limit = limit
    return range
  }
}

/// All values of one key that were asked for.
public struct ResourceValues: Sendable, Hashable {
  public let key: String
  public let values: [StoredValue]

  public init(key: String, values: [StoredValue]) {
    self.key = key
    self.values = values
  }
}
