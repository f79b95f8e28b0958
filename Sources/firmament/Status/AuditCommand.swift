import APIClient
import ArgumentParser

/// What operators did.
struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "What operators did.", subcommands: [AuditListing.self],
    defaultSubcommand: AuditListing.self)
}

/// Lists what operators did.
struct AuditListing: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List what operators did, newest first.")

  @Option(help: "Only the newest of them.") var limit: Int?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is a whole number from 1 on.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.every(upTo: limit) { try await client.audit(limit: $0, after: $1) })
  }
}
