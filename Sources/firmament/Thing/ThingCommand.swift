import ArgumentParser

/// Things: the devices of the fleet.
struct ThingCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thing", abstract: "Things: look at them, and at what became of their updates.",
    subcommands: [
      ThingListing.self, ThingShow.self, ThingExplain.self, ThingHistoryListing.self, ThingValues.self, ThingReset.self,
      ThingRotate.self, ThingRetire.self,
      ThingRetry.self, ThingAllowLink.self, ThingUnlink.self, ThingImportCommand.self,
    ])
}
