import APIClient
import ArgumentParser

/// Shows the mails to users, and what became of each.
struct UserOutbox: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "outbox", abstract: "Show mails to users, newest first, and what became of each.",
    discussion: "A text that a mail server has taken is kept no more. The audit log keeps that you read them.")

  @Option(help: "Only the newest of them.") var limit: Int?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if let limit, limit < 1 { throw ValidationError("--limit is a whole number from 1 on.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.every(upTo: limit) { try await client.mails(limit: $0, after: $1) })
  }
}
