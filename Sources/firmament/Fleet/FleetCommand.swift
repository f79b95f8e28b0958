import ArgumentParser

/// What a fleet runs, and fleets that exist only here.
struct FleetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fleet", abstract: "What a fleet runs over time, and fleets of simulated things.",
    subcommands: [FleetVersions.self, FleetSimulate.self])
}
