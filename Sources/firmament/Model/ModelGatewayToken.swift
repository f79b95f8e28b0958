import APIClient
import APIContract
import ArgumentParser

/// Tells a model's gateway token, or makes a new one.
struct ModelGatewayToken: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "gateway-token",
    abstract: "Print the token by which gateways speak for all devices of a model (hawkBit DDI).",
    discussion: "The first call makes it; later ones print the same. The audit log keeps that you did.")

  @Argument(help: "The model.") var model: String
  @Flag(help: "Make a new token; the old one works for the overlap.") var rotate = false
  @Option(help: "How long the old token goes on working with --rotate; 1d by default.") var overlap: DurationArgument?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if overlap != nil, !rotate { throw ValidationError("--overlap is for --rotate.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(
      try await client.gatewayToken(
        GatewayTokenRequest(rotate: rotate ? true : nil, overlap: overlap?.seconds), model: model))
  }
}
