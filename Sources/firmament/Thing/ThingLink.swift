import APIClient
import APIContract
import ArgumentParser

/// Lets a user link a thing by its id.
struct ThingAllowLink: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "allow-link", abstract: "Let a user of an app link a thing by its id, within a day.")

  @Argument var id: String
  @Flag(help: "Take that back.") var revoke = false
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.allowLink(of: id, !revoke))
  }
}

/// Takes a thing from its owner.
struct ThingUnlink: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "unlink", abstract: "Take a thing from the user who owns it, so that another may link it.")

  @Argument var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let thing = try await client.endLink(of: id)
    try output.write(thing, line: PlainText.oneLine("Thing \(thing.id) has no owner."))
  }
}
