import APIClient
import ArgumentParser

/// Lists activation codes.
struct CodeListing: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List activation codes, newest first.")

  @Option(help: "Only this model's.") var model: String?
  @Flag(help: "Only those that have activated nothing.") var unused = false
  @Flag(help: "Print CSV with a header.") var csv = false
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if csv && server.output.json { throw ValidationError("Give --csv or --json, not both.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let codes = try await client.every { try await client.codes(model: model, unused: unused, limit: $0, after: $1) }
    if csv { StandardStream.output.write(codes.csv) } else { try output.write(codes) }
  }
}
