/// What the rules of rollouts may ask of a thing beyond what polls need anyway.
public struct ThingFacts: Sendable, Hashable {
  /// A resource's newest value.
  public struct Value: Sendable, Hashable {
    public let value: JSONValue
    public let datetime: Timestamp

    public init(value: JSONValue, datetime: Timestamp) {
      self.value = value
      self.datetime = datetime
    }
  }

  public var tags: [String] = []
  /// By key: of those that were asked for, the ones that the thing has. Settings, the description and the place are among
  /// them, under their own keys.
  public var values: [String: Value] = [:]
  public var activatedAt: Timestamp?
  public var lastSeenAt: Timestamp?
  /// The e-mail of the user who owns it.
  public var owner: String?
  /// The name that it has at the DDI door.
  public var controllerID: String?

  public init() {}
}

/// Which of the facts are needed: reading those that nobody asks for costs time and memory for every thing.
public struct FactNeeds: Sendable, Hashable {
  public var keys: Set<String> = []
  public var tags = false
  public var owner = false
  public var times = false
  public var controllerID = false

  public init() {}

  public var isEmpty: Bool { keys.isEmpty && !tags && !owner && !times && !controllerID }

  public mutating func formUnion(_ other: FactNeeds) {
    keys.formUnion(other.keys)
    tags = tags || other.tags
    owner = owner || other.owner
    times = times || other.times
    controllerID = controllerID || other.controllerID
  }
}
