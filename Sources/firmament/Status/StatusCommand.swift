import APIClient
import ArgumentParser

/// Shows how far each firmware has come, and how the fleet is.
struct StatusCommand: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract: "Per model, MCU and version: how many things are in each state now, were seen, and run what.")

  @Option(help: "Only this model's.") var model: String?
  @Option(help: "How long a thing is not seen before it counts as silent, such as 7d; else a day.")
  var silentFor: DurationArgument?
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let status = try await client.status(model: model)
    try output.write(FleetStatus(status, try await client.fleet(model: model, silentFor: silentFor?.seconds)))
  }
}
