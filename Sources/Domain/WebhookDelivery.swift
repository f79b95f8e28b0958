/// What becomes of one event on its way to one webhook.
public struct WebhookDelivery: Sendable, Hashable {
  public let id: Int64
  /// Nil for a test.
  public let event: RolloutEvent?
  public let createdAt: Timestamp
  public let attempts: Int
  /// Nil when nothing more is to be done.
  public let nextAttemptAt: Timestamp?
  public let lastAttemptAt: Timestamp?
  public let deliveredAt: Timestamp?
  /// What the receiver answered last.
  public let status: Int?
  /// Why the last attempt failed.
  public let failure: String?

  public init(
    id: Int64, event: RolloutEvent?, createdAt: Timestamp, attempts: Int, nextAttemptAt: Timestamp?,
    lastAttemptAt: Timestamp?, deliveredAt: Timestamp?, status: Int?, failure: String?
  ) {
    self.id = id
    self.event = event
    self.createdAt = createdAt
    self.attempts = attempts
    self.nextAttemptAt = nextAttemptAt
    self.lastAttemptAt = lastAttemptAt
    self.deliveredAt = deliveredAt
    self.status = status
    self.failure = failure
  }
}
