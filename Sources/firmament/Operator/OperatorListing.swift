import APIClient
import APIContract
import ArgumentParser

/// Lists the operators.
struct OperatorListing: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List operators, newest first, revoked and expired ones too.")

  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.every { try await client.operators(limit: $0, after: $1) })
  }
}

/// Ends an operator's token.
struct OperatorRevoke: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "End an operator's token at once, for good.")

  @Argument(help: "The id, as firmament operator list shows it.") var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let revoked = try await client.revokeOperator(id)
    try output.write(revoked, line: PlainText.oneLine("The token \(revoked.id) of \(revoked.name) is revoked."))
  }
}
