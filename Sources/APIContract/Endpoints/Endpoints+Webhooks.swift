extension Endpoints {
  public static let listenToRollout = Endpoint(
    id: "listenToRollout", method: .get, template: "/api/v1/rollouts/{rollout}/events", access: .operators,
    summary: "Listen to what happens to a rollout: server-sent events with the event's number as `id` and its kind as `event`. "
      + "`Last-Event-ID` (or `after`) has what is stored after that number come first; without it, what happens from now on. "
      + "`progressed` has no `id` and is not stored; a comment comes after 15 seconds of silence",
    query: [.init(name: "after", summary: "The number of the last event that is known; 0 for all", schema: .integer)],
    request: nil,
    answers: [.bytes(200, "The events, as long as the connection lives", "text/event-stream")]
      + [400, 401, 404, 503].map { .problem($0) })
  public static let createWebhook = Endpoint.operators(
    "createWebhook", .post, "/api/v1/webhooks", "Have events of rollouts sent to a URL; the secret is told here alone",
    request: .body(NewWebhookShape.self), 201, answers: CreatedWebhook.self, problems: [404, 409])
  public static let listWebhooks = Endpoint.operators(
    "listWebhooks", .get, "/api/v1/webhooks", "Webhooks, newest first", query: .page, answers: WebhookList.self)
  public static let deleteWebhook = Endpoint.operators(
    "deleteWebhook", .delete, "/api/v1/webhooks/{webhook}", "Delete a webhook: nothing more is sent to it",
    answers: WebhookShape.self, problems: [404])
  public static let listDeliveries = Endpoint.operators(
    "listDeliveries", .get, "/api/v1/webhooks/{webhook}/deliveries",
    "What became of each delivery to a webhook, newest first; kept for 30 days", query: .page, answers: DeliveryList.self,
    problems: [404])
  public static let testWebhook = Endpoint.operators(
    "testWebhook", .post, "/api/v1/webhooks/{webhook}/test", "Send a `test` now; its delivery tells what became of it", 202,
    answers: DeliveryShape.self, problems: [404, 409])

  static let webhooks = [listenToRollout, createWebhook, listWebhooks, deleteWebhook, listDeliveries, testWebhook]
}
