import ArgumentParser

/// Activation codes.
struct CodeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "code", abstract: "Single-use activation codes for the factory.",
    subcommands: [CodeCreate.self, CodeListing.self])
}
