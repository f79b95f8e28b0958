import ArgumentParser

/// Operators: who may do what.
struct OperatorCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "operator", abstract: "Operators: their roles and tokens.",
    subcommands: [OperatorCreate.self, OperatorListing.self, OperatorRevoke.self])
}
