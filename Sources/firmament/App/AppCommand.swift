import APIClient
import APIContract
import ArgumentParser

/// Apps: whose users log in and link things.
struct AppCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "app", abstract: "Apps whose users log in.", subcommands: [AppCreate.self, AppListing.self])
}

/// Creates an app.
struct AppCreate: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "create",
    abstract: "Create an app for users to register in. Again is a success.",
    discussion: "From the first one on, users can register only in apps that were created (see serve --open-apps).")

  @Argument(help: "Up to 64 printable characters.") var name: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let app = try await client.createApp(NewApp(name: name))
    try output.write(app, line: PlainText.oneLine("App \(app.name)."))
  }
}

/// Lists the apps.
struct AppListing: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the apps, newest first.")

  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.every { try await client.apps(limit: $0, after: $1) })
  }
}
