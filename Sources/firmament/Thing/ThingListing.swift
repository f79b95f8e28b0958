import APIClient
import APIContract
import ArgumentParser

/// Lists things.
struct ThingListing: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List things, newest first.",
    discussion: "Of several options all have to hold. --where takes what firmament rollout create takes as --target.")

  @Option(help: "Only this model's.") var model: String?
  @Option(help: "Only what has this id, or this name at the DDI door, or one that begins so.") var id: String?
  @Option(help: "Only what has this tag.") var tag: String?
  @Option(name: .customLong("where"), help: "Only active things of which this is true, in RSQL, such as resource.battery<20.")
  var condition: String?
  @Option(help: "Only active things that were not seen for so long, such as 7d.") var silentFor: DurationArgument?
  @Option(help: "Only what runs this, such as main=1.0.0; main= for what has said no version.") var running: String?
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    do {
      try output.write(
        try await client.every {
          try await client.things(
            model: model, id: id, tag: tag, where: condition, silentFor: silentFor?.seconds, running: running, limit: $0,
            after: $1)
        })
    } catch let error as APIClientError where error.status == 400 && !output.json {
      let expressions = ["where": condition].compactMapValues { $0 }
      guard let fault = ExpressionFault(detail: error.detail, in: expressions) else { throw error }
      throw CommandFailure(error.detail, below: fault.lines(columns: StandardStream.error.columns))
    }
  }
}
