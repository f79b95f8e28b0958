public import Domain

/// One entry of the history of a thing; what says nothing is absent.
public struct ThingEventShape: Codable, Sendable {
  public let at: Timestamp
  public let kind: ThingEvent.Kind
  public let mcu: String?
  public let version: String?
  /// Of the firmware (`state`), or of the rollout on the thing (`joined`, `ended`).
  public let state: DeliveryState?
  /// The rollout's id.
  public let rollout: String?
  /// The code of a failure; of a rollout also why the thing waits.
  public let code: String?
  public let message: String?

  public init(
    at: Timestamp, kind: ThingEvent.Kind, mcu: String? = nil, version: String? = nil, state: DeliveryState? = nil,
    rollout: String? = nil, code: String? = nil, message: String? = nil
  ) {
    self.at = at
    self.kind = kind
    self.mcu = mcu
    self.version = version
    self.state = state
    self.rollout = rollout
    self.code = code
    self.message = message
  }
}

/// A page of a list.
public struct ThingHistoryList: Codable, Sendable {
  public let entries: [ThingEventShape]
  public let next: PageCursor

  public init(entries: [ThingEventShape], next: PageCursor) {
    self.entries = entries
    self.next = next
  }
}

/// The newest value of one resource.
public struct NewestValueShape: Codable, Sendable {
  public let key: String
  public let value: JSONValue
  public let datetime: Timestamp

  public init(key: String, value: JSONValue, datetime: Timestamp) {
    self.key = key
    self.value = value
    self.datetime = datetime
  }
}

/// What the resources of a thing are now, by key.
public struct NewestValueList: Codable, Sendable {
  public let resources: [NewestValueShape]

  public init(resources: [NewestValueShape]) {
    self.resources = resources
  }
}

/// One value among those of a resource.
public struct DatedValueShape: Codable, Sendable {
  public let value: JSONValue
  public let datetime: Timestamp

  public init(value: JSONValue, datetime: Timestamp) {
    self.value = value
    self.datetime = datetime
  }
}

/// Values of one resource, newest first.
public struct DatedValueList: Codable, Sendable {
  public let key: String
  public let values: [DatedValueShape]

  public init(key: String, values: [DatedValueShape]) {
    self.key = key
    self.values = values
  }
}
