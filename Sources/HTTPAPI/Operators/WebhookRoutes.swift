import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// Webhooks and what became of their deliveries.
struct WebhookRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.createWebhook, create)
    table.on(Endpoints.listWebhooks, list)
    table.on(Endpoints.deleteWebhook, delete)
    table.on(Endpoints.listDeliveries, listDeliveries)
    table.on(Endpoints.testWebhook, test)
  }

  @Sendable func create(_ request: Request, _ context: APIContext) async throws -> Response {
    let new = try await request.shape(NewWebhookShape.self, settings)
    let (webhook, secret) = try await service.createWebhook(
      url: new.url, events: new.events, models: new.models, by: context.operatorName)
    let shape = WebhookShape(webhook)
    let created = CreatedWebhook(
      id: shape.id, url: shape.url, events: shape.events, models: shape.models, createdAt: shape.createdAt, secret: secret)
    return try .json(created, status: .created)
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try await service.listWebhooks(within: context.scope, try request.page)
    return try .json(WebhookList(webhooks: page.entries.map { WebhookShape($0) }, next: PageCursor(page.next)))
  }

  @Sendable func delete(_ request: Request, _ context: APIContext) async throws -> Response {
    try .json(
      WebhookShape(try await service.deleteWebhook(try context.parameter("webhook"), by: context.operatorName)))
  }

  @Sendable func listDeliveries(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try await service.listDeliveries(
      to: try context.parameter("webhook"), within: context.scope, try request.page)
    return try .json(DeliveryList(deliveries: page.entries.map { DeliveryShape($0) }, next: PageCursor(page.next)))
  }

  @Sendable func test(_ request: Request, _ context: APIContext) async throws -> Response {
    let delivery = try await service.testWebhook(try context.parameter("webhook"), by: context.operatorName)
    return try .json(DeliveryShape(delivery), status: .accepted)
  }
}

extension WebhookShape {
  init(_ webhook: Webhook) {
    self.init(
      id: webhook.publicID, url: webhook.url, events: webhook.kinds.isEmpty ? nil : webhook.kinds.map(\.rawValue),
      models: webhook.models.isEmpty ? nil : webhook.models, createdAt: webhook.createdAt, createdBy: webhook.createdBy,
      disabledAt: webhook.disabledAt)
  }
}

extension DeliveryShape {
  init(_ delivery: WebhookDelivery) {
    self.init(
      id: String(delivery.id), event: delivery.event?.kind.rawValue ?? "test", eventId: delivery.event?.id,
      rollout: delivery.event?.rolloutID, createdAt: delivery.createdAt, attempts: delivery.attempts, status: delivery.status,
      failure: delivery.failure, lastAttemptAt: delivery.lastAttemptAt, nextAttemptAt: delivery.nextAttemptAt,
      deliveredAt: delivery.deliveredAt)
  }
}
