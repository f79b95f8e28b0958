import Catalog
public import Domain

extension FirmwareService {
  /// Webhooks, newest first: for a token that is for some models, those that are told of no others.
  public func listWebhooks(within scope: ModelScope = .all, _ page: PageRequest) async throws -> Page<Webhook> {
    let after = try page.rowID()
    let webhooks = try await translatingErrors {
      try await catalog.webhooks(after: after, limit: scope == .all ? page.limit + 1 : .max)
    }.filter { Self.isTold($0, onlyOf: scope) }
    return Page(
      Array(webhooks.prefix(page.limit)), next: webhooks.count > page.limit ? String(webhooks[page.limit - 1].id) : nil)
  }

  /// What became of what a webhook was to be told, newest first.
  /// - Throws: `unknownWebhook`; `forbidden` where it is told of models that the scope does not have.
  public func listDeliveries(
    to publicID: String, within scope: ModelScope = .all, _ page: PageRequest
  ) async throws -> Page<WebhookDelivery> {
    let after = try page.rowID()
    return try await translatingErrors {
      guard let webhook = try await catalog.webhook(publicID: publicID) else { throw Self.unknownWebhook(publicID) }
      guard Self.isTold(webhook, onlyOf: scope) else {
        throw ServiceError(.forbidden, "this token is only for \(Self.text(scope)), and the webhook is told of more")
      }
      let deliveries = try await catalog.deliveries(to: webhook.id, after: after, limit: page.limit + 1)
      let next = deliveries.count > page.limit ? String(deliveries[page.limit - 1].id) : nil
      return Page(Array(deliveries.prefix(page.limit)), next: next)
    }
  }

  private static func isTold(_ webhook: Webhook, onlyOf scope: ModelScope) -> Bool {
    scope.includes(webhook.models.isEmpty ? .all : ModelScope(webhook.models))
  }

  /// Sends a `test` to a webhook at once, by the way that events take.
  /// - Returns: the delivery, not yet made.
  /// - Throws: `unknownWebhook`; `retired` for one that is disabled.
  public func testWebhook(_ publicID: String, by actor: String) async throws -> WebhookDelivery {
    let now = clock()
    let audit = AuditEntry(at: now, actor: actor, action: "webhook.test", subject: publicID)
    let delivery = try await translatingErrors {
      guard try await catalog.webhook(publicID: publicID) != nil else { throw Self.unknownWebhook(publicID) }
      return try await catalog.queueTest(ofWebhook: publicID, at: now, audit: audit)
    }
    guard let delivery else {
      throw ServiceError(.retired, "its receiver answered 410, and the webhook is disabled: create another")
    }
    wakeWebhookDelivery()
    return delivery
  }
}
