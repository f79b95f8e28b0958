import ArgumentParser

/// The store of a service.
struct StoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "store", abstract: "Check the store of a service.", subcommands: [StoreVerify.self])
}
