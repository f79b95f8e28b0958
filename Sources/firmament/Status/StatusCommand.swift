import APIClient
import ArgumentParser

/// Shows how far each firmware has come.
struct StatusCommand: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Per model, MCU and version: how many things are in each state now.")

  @Option(help: "Only this model's.") var model: String?
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.status(model: model))
  }
}
