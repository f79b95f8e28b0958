public import Domain

/// What a subscription listens to, and how long it may.
public struct LivePlan: Sendable {
  public let topics: [LiveTopic]
  public let owner: LiveOwner
  /// When the credentials end by themselves; nil for never.
  public let endsAt: Timestamp?
  /// Asked once more after the subscription has begun: credentials that ended between the look at them and the beginning were
  /// ended for a subscription that was not there yet.
  public let stillValid: @Sendable () async -> Bool

  public init(
    topics: [LiveTopic], owner: LiveOwner, endsAt: Timestamp? = nil,
    stillValid: @escaping @Sendable () async -> Bool = { true }
  ) {
    self.topics = topics
    self.owner = owner
    self.endsAt = endsAt
    self.stillValid = stillValid
  }
}
