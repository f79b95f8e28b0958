import APIClient
import APIContract
import ArgumentParser

/// Users of apps.
struct UserCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "Users of apps: their sessions, and the mails that they are sent.",
    subcommands: [UserListing.self, UserLogout.self, UserOutbox.self])
}

/// Lists the users.
struct UserListing: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List users of apps, newest first.")

  @Option(help: "Only this app's.") var app: String?
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.every { try await client.users(app: app, limit: $0, after: $1) })
  }
}

/// Ends a user's sessions.
struct UserLogout: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "logout", abstract: "End all sessions of a user at once.")

  @Argument var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.endSessions(of: id))
  }
}
