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

  @Option(help: "Only what was done to exactly this: a thing's id, a model's name.") var subject: String?
  @Option(help: "Only what the operator of this name did.") var actor: String?
  @Option(help: "Only deeds of this name, such as thing.retire.") var action: String?
  @Option(help: "Only the newest of them.") var limit: Int?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is a whole number from 1 on.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let list = try await client.every(upTo: limit) {
      try await client.audit(subject: subject, actor: actor, action: action, limit: $0, after: $1)
    }
    try output.write(list)
  }
}
