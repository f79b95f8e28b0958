import APIClient
import ArgumentParser

/// Says what a rollout would mean.
struct RolloutForecast: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show which things a rollout would hold, stage by stage, and why others get nothing.",
    discussion: "Nothing is created. The options are those of firmament rollout create.")

  @OptionGroup var options: RolloutOptions
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await options.send(output) { try await client.planRollout($0) })
  }
}
