import APIClient
import ArgumentParser

/// Shows one thing, or its token. Here `--token` means the thing's, so the operator's has a longer name.
struct ThingShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what a thing runs, what it may have, and why; with --token its token.")

  @Argument var id: String
  @Flag(help: "Print the thing's token instead; the audit log keeps that you did.") var token = false
  @Option(help: "Address of the server, as for the other commands.") var url: String?
  @Option(help: "Operator token: what --token is for the other commands.") var operatorToken: String?
  @OptionGroup var output: OutputOptions

  func run() async throws {
    let rendering = OutputRendering(json: output.json)
    try await ServerDiscovery.ofThisProcess.withClient(url: url, token: operatorToken) { client in
      if token {
        try rendering.write(try await client.thingToken(id))
      } else {
        try rendering.write(try await client.thing(id))
      }
    }
  }
}
