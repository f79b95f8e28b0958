import APIClient
import ArgumentParser

/// Lists what became of a thing.
struct ThingHistoryListing: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "List what became of a thing, newest first: versions, states of updates, rollouts.")

  @Argument var id: String
  @Option(help: "Only the newest of them.") var limit: Int?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is a whole number from 1 on.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.every(upTo: limit) { try await client.history(of: id, limit: $0, after: $1) })
  }
}
