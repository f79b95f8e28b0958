import APIClient
import ArgumentParser
import Domain

/// Lists rollouts.
struct RolloutListing: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List rollouts, newest first.")

  @Option(help: "Only this model's.") var model: String?
  @Flag(help: "Also the publications of firmwares.") var publications = false
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(
      try await client.every {
        try await client.rollouts(model: model, publications: publications, limit: $0, after: $1)
      })
  }
}

/// Lists the things of a rollout.
struct RolloutThings: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "things", abstract: "List the things that a rollout has so far, and where each is.")

  @OptionGroup var selection: RolloutSelection
  @Option(help: "Only those in this state, such as failed.") var state: String?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    guard let state, DeliveryState(rawValue: state) == nil else { return }
    throw ValidationError("--state is one of \(DeliveryState.allCases.map(\.rawValue).joined(separator: ", ")).")
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let id = try await selection.find(client)
    try output.write(try await client.every { try await client.rolloutThings(id, state: state, limit: $0, after: $1) })
  }
}
