import APIClient
import APIContract
import ArgumentParser

/// Other servers that are told what happens to rollouts.
struct WebhookCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhook", abstract: "Servers that are told what happens to rollouts.",
    subcommands: [
      WebhookCreate.self, WebhookListing.self, WebhookDelete.self, WebhookDeliveries.self, WebhookTest.self,
    ])
}

/// Creates a webhook.
struct WebhookCreate: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Have events of rollouts sent to a URL. Its secret is shown once.")

  @Argument(help: "The http or https URL that events are sent to.") var receiver: String
  @Option(help: "An event that is sent, such as halted; repeat it for several. (default: all)") var event: [String] = []
  @Option(help: "A model of whose rollouts events are sent; repeat it for several. (default: all)") var model: [String] = []
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let new = NewWebhookShape(url: receiver, events: event.isEmpty ? nil : event, models: model.isEmpty ? nil : model)
    try output.write(try await client.createWebhook(new))
  }
}

/// Lists the webhooks.
struct WebhookListing: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the webhooks, newest first.")

  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.every { try await client.webhooks(limit: $0, after: $1) })
  }
}

/// Deletes a webhook.
struct WebhookDelete: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete a webhook: nothing more is sent to it, also not what waits.")

  @Argument(help: "The webhook's id, as firmament webhook list shows it.") var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let webhook = try await client.deleteWebhook(id)
    try output.write(webhook, line: PlainText.oneLine("Webhook \(webhook.id) to \(webhook.url) is deleted."))
  }
}

/// Shows what became of what a webhook was to be told.
struct WebhookDeliveries: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "deliveries", abstract: "Show what became of each delivery to a webhook, newest first.")

  @Argument(help: "The webhook's id.") var id: String
  @Option(help: "Only the newest of them.") var limit: Int?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is a whole number from 1 on.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.every(upTo: limit) { try await client.deliveries(to: id, limit: $0, after: $1) })
  }
}
