import ArgumentParser

/// Registered firmwares.
struct FirmwareCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "firmware", abstract: "Registered firmwares: list, publish, withdraw.",
    subcommands: [
      FirmwareListing.self, FirmwareShow.self, FirmwarePublish.self, FirmwareWithdraw.self, FirmwareManifestPrint.self,
    ])
}
