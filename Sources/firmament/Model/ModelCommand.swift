import ArgumentParser

/// Models: kinds of things.
struct ModelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "model", abstract: "Models, and the keys whose firmware they take.",
    subcommands: [
      ModelCreate.self, ModelListing.self, ModelShow.self, ModelSet.self, ModelRetain.self, ModelTrust.self,
      ModelKeys.self, ModelRevoke.self, ModelGatewayToken.self,
    ])
}
