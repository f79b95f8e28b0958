public import Domain

/// The body that creates a webhook.
public struct NewWebhookShape: Codable, Sendable {
  /// http or https.
  public let url: String
  /// Which events it is sent; all where it is missing.
  public let events: [String]?
  /// Of rollouts of which models; of all where it is missing.
  public let models: [String]?

  public init(url: String, events: [String]? = nil, models: [String]? = nil) {
    self.url = url
    self.events = events
    self.models = models
  }
}

/// A webhook with its secret.
public struct CreatedWebhook: Codable, Sendable {
  public let id: String
  public let url: String
  public let events: [String]?
  public let models: [String]?
  public let createdAt: Timestamp
  /// `whsec_` and base64: what receivers check signatures with. It is never told again.
  public let secret: String

  public init(id: String, url: String, events: [String]?, models: [String]?, createdAt: Timestamp, secret: String) {
    self.id = id
    self.url = url
    self.events = events
    self.models = models
    self.createdAt = createdAt
    self.secret = secret
  }
}

/// A webhook.
public struct WebhookShape: Codable, Sendable {
  public let id: String
  public let url: String
  /// Absent for all.
  public let events: [String]?
  /// Absent for all.
  public let models: [String]?
  public let createdAt: Timestamp
  public let createdBy: String
  /// When its receiver answered 410; absent while it is sent to.
  public let disabledAt: Timestamp?

  public init(
    id: String, url: String, events: [String]?, models: [String]?, createdAt: Timestamp, createdBy: String,
    disabledAt: Timestamp? = nil
  ) {
    self.id = id
    self.url = url
    self.events = events
    self.models = models
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.disabledAt = disabledAt
  }
}

/// A page of a list.
public struct WebhookList: Codable, Sendable {
  public let webhooks: [WebhookShape]
  public let next: PageCursor

  public init(webhooks: [WebhookShape], next: PageCursor) {
    self.webhooks = webhooks
    self.next = next
  }
}

/// What became of an event on its way to a webhook.
public struct DeliveryShape: Codable, Sendable {
  public let id: String
  /// The kind; `test` for a test.
  public let event: String
  /// The event's number; absent for a test.
  public let eventId: Int64?
  public let rollout: String?
  public let createdAt: Timestamp
  public let attempts: Int
  /// The HTTP status of the last answer; absent where there was none.
  public let status: Int?
  /// Why the last attempt failed.
  public let failure: String?
  public let lastAttemptAt: Timestamp?
  /// Absent when nothing more is to be done.
  public let nextAttemptAt: Timestamp?
  public let deliveredAt: Timestamp?

  public init(
    id: String, event: String, eventId: Int64? = nil, rollout: String? = nil, createdAt: Timestamp, attempts: Int,
    status: Int? = nil, failure: String? = nil, lastAttemptAt: Timestamp? = nil, nextAttemptAt: Timestamp? = nil,
    deliveredAt: Timestamp? = nil
  ) {
    self.id = id
    self.event = event
    self.eventId = eventId
    self.rollout = rollout
    self.createdAt = createdAt
    self.attempts = attempts
    self.status = status
    self.failure = failure
    self.lastAttemptAt = lastAttemptAt
    self.nextAttemptAt = nextAttemptAt
    self.deliveredAt = deliveredAt
  }
}

/// A page of a list.
public struct DeliveryList: Codable, Sendable {
  public let deliveries: [DeliveryShape]
  public let next: PageCursor

  public init(deliveries: [DeliveryShape], next: PageCursor) {
    self.deliveries = deliveries
    self.next = next
  }
}
