import ArgumentParser

/// Fleets that exist only here.
struct FleetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fleet", abstract: "Try a service with simulated things.", subcommands: [FleetSimulate.self])
}
