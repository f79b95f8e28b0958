import APIClient
import ArgumentParser

/// Shows what a thing wrote.
struct ThingValues: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "values", abstract: "Show the newest value of each resource of a thing, or the values of one, newest first.")

  @Argument var id: String
  @Argument(help: "The resource; all of them where absent.") var key: String?
  @Option(help: "With a resource: values from then on, as 2026-12-01T22:00:00Z.") var from: TimeArgument?
  @Option(help: "With a resource: values from before then.") var to: TimeArgument?
  @Option(help: "With a resource: how many, at most 100, which is the default.") var limit: Int?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if let limit, !(1...100).contains(limit) { throw ValidationError("--limit is a whole number from 1 to 100.") }
    if key == nil, from != nil || to != nil || limit != nil {
      throw ValidationError("--from, --to and --limit are for the values of one resource: name it.")
    }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    if let key {
      try output.write(try await client.values(of: key, ofThing: id, from: from?.time, to: to?.time, limit: limit))
    } else {
      try output.write(try await client.newestValues(of: id))
    }
  }
}
