import APIClient
import ArgumentParser

/// Explains what a thing is offered.
struct ThingExplain: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain", abstract: "Say why a thing is offered what it is offered, or not: each rollout, each condition.")

  @Argument var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.explainThing(id))
  }
}
