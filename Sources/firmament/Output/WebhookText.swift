import APIContract

extension CreatedWebhook: TextRendering {
  var text: String {
    var fields = TextFields()
    fields.add("id", id)
    fields.add("url", url)
    fields.add("events", WebhookShape.list(events))
    fields.add("models", WebhookShape.list(models))
    fields.add("secret", secret)
    return fields.text + "\n\nThe secret is not shown again: receivers check signatures with it."
  }
}

extension WebhookShape: TextRendering {
  var text: String { id }

  static func list(_ names: [String]?) -> String { names?.joined(separator: ", ") ?? "all" }
}

extension WebhookList: TextRendering {
  var text: String {
    var table = TextTable(["id", "url", "events", "models", "created", "by", "disabled"])
    for webhook in webhooks {
      table.add([
        webhook.id, webhook.url, WebhookShape.list(webhook.events), WebhookShape.list(webhook.models),
        PlainText.time(webhook.createdAt), webhook.createdBy, webhook.disabledAt.map(PlainText.time),
      ])
    }
    return table.text
  }
}

extension DeliveryShape: TextRendering {
  var text: String {
    if deliveredAt != nil { return "Delivery \(id) (\(event)): taken with \(status ?? 0)." }
    return "Delivery \(id) (\(event)): \(attempts) attempts, not taken."
  }
}

extension DeliveryList: TextRendering {
  var text: String {
    var table = TextTable(["id", "event", "rollout", "queued", "attempts", "status", "delivered", "next attempt", "failure"])
    for delivery in deliveries {
      table.add([
        delivery.id, delivery.event, delivery.rollout, PlainText.time(delivery.createdAt), String(delivery.attempts),
        delivery.status.map(String.init), delivery.deliveredAt.map(PlainText.time),
        delivery.nextAttemptAt.map(PlainText.time), delivery.failure,
      ])
    }
    return table.text
  }
}
