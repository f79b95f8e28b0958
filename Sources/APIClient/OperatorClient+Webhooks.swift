public import APIContract

extension OperatorClient {
  public func createWebhook(_ webhook: NewWebhookShape) async throws -> CreatedWebhook {
    try await call(Endpoints.createWebhook, Endpoints.createWebhook.path(), sending: webhook)
  }

  public func webhooks(limit: Int = Self.pageSize, after cursor: PageCursor? = nil) async throws -> WebhookList {
    try await page(Endpoints.listWebhooks, Endpoints.listWebhooks.path(), query: [], limit: limit, after: cursor)
  }

  public func deleteWebhook(_ id: String) async throws -> WebhookShape {
    try await call(Endpoints.deleteWebhook, Endpoints.deleteWebhook.path(id))
  }

  public func deliveries(
    to webhook: String, limit: Int = Self.pageSize, after cursor: PageCursor? = nil
  ) async throws -> DeliveryList {
    try await page(Endpoints.listDeliveries, Endpoints.listDeliveries.path(webhook), query: [], limit: limit, after: cursor)
  }

  public func testWebhook(_ id: String) async throws -> DeliveryShape {
    try await call(Endpoints.testWebhook, Endpoints.testWebhook.path(id))
  }
}

extension WebhookList: PagedList {
  public func followed(by page: Self) -> Self { Self(webhooks: webhooks + page.webhooks, next: page.next) }
}

extension DeliveryList: PagedList {
  public func followed(by page: Self) -> Self { Self(deliveries: deliveries + page.deliveries, next: page.next) }
}
