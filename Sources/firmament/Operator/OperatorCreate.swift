import APIClient
import APIContract
import ArgumentParser
import Domain

/// Makes a token for an operator.
struct OperatorCreate: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a token for an operator. It is shown once.",
    discussion: """
      viewer reads everything that is not a secret; uploader also stores images and registers firmware; releaser also \
      publishes, withdraws, and retries things; administrator may do everything.
      """)

  @Option(help: "Who it is in the audit log: up to 64 printable characters.") var name: String
  @Option(help: "viewer, uploader, releaser or administrator.", transform: Self.role) var role: OperatorRole
  @Option(help: "A model that the token is for; repeat it for several. For all without it.") var model: [String] = []
  @Option(help: "How long the token works, such as 30d; for ever without it.") var expires: DurationArgument?
  @OptionGroup var server: ServerOptions

  private static func role(_ text: String) throws -> OperatorRole {
    guard let role = OperatorRole(rawValue: text) else {
      throw ValidationError("A role is viewer, uploader, releaser or administrator.")
    }
    return role
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let made = try await client.createOperator(
      NewOperator(name: name, role: role, models: model.isEmpty ? nil : model, expiresIn: expires?.seconds))
    try output.write(made)
  }
}
