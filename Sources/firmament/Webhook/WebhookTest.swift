import APIClient
import APIContract
import ArgumentParser

/// Sends a test to a webhook and tells what became of it.
struct WebhookTest: ServerCommand {
  /// How often the delivery is looked at: longer than the service tries to make it.
  private static let looks = 100

  static let configuration = CommandConfiguration(
    commandName: "test", abstract: "Send a test event to a webhook now, and wait for what becomes of it.",
    discussion: "Exits with 1 when the receiver did not take it; it is then tried again like any other.")

  @Argument(help: "The webhook's id.") var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    var delivery = try await client.testWebhook(id)
    for _ in 0..<Self.looks where delivery.attempts == 0 {
      try await Task.sleep(for: .milliseconds(200))
      let newest = try await client.deliveries(to: id, limit: 100).deliveries
      delivery = newest.first { $0.id == delivery.id } ?? delivery
    }
    try output.write(delivery)
    guard delivery.deliveredAt != nil else {
      throw CommandFailure(delivery.failure ?? "the test waits behind other deliveries: see firmament webhook deliveries \(id)")
    }
  }
}
