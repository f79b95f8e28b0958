import APIClient
import ArgumentParser

/// Lists the models.
struct ModelListing: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the models.")

  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.every { try await client.models(limit: $0, after: $1) })
  }
}

/// Shows one model.
struct ModelShow: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one model.")

  @Argument var name: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.model(name))
  }
}
