import APIClient
import ArgumentParser

/// Lists things.
struct ThingListing: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List things, newest first.")

  @Option(help: "Only this model's.") var model: String?
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.every { try await client.things(model: model, limit: $0, after: $1) })
  }
}
