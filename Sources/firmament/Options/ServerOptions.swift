import APIClient
import ArgumentParser

/// What every command that prints data takes.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON document on standard output.")
  var json = false
}

/// Which server, and who asks it: shared by all commands that use the operators' API.
struct ServerOptions: ParsableArguments {
  @Option(help: "Address of the server; else FIRMAMENT_URL, the saved profile, or the store on this machine.")
  var url: String?

  @Option(help: "Operator token; else FIRMAMENT_TOKEN, the saved profile, or operator.token of the store on this machine.")
  var token: String?

  @Option(
    help: "For https: certificates (PEM) that the server's is signed by; else FIRMAMENT_CA, the saved profile, or the system's."
  )
  var ca: String?

  @OptionGroup var output: OutputOptions

  /// Finds the server, does the work with a client for it, and closes its connections.
  func withClient<Result>(
    limits: ServerConnection.Limits = .init(), _ work: (OperatorClient) async throws -> Result
  ) async throws -> Result {
    try await ServerDiscovery.ofThisProcess.withClient(url: url, token: token, ca: ca, limits: limits, work)
  }
}

/// A command that is one talk with the server.
protocol ServerCommand: AsyncParsableCommand {
  var server: ServerOptions { get }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws
}

extension ServerCommand {
  func run() async throws {
    try await server.withClient { client in try await run(client, OutputRendering(json: server.output.json)) }
  }
}
