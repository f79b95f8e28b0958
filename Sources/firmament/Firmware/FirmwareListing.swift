import APIClient
import ArgumentParser

/// Lists firmwares.
struct FirmwareListing: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List firmwares, newest first.")

  @Option(help: "Only this model's.") var model: String?
  @Option(help: "Only this MCU's.") var mcu: String?
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(
      try await client.every { try await client.firmwares(model: model, mcu: mcu, limit: $0, after: $1) })
  }
}

/// Shows one firmware.
struct FirmwareShow: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one firmware.")

  @Argument var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws { try output.write(try await client.firmware(id)) }
}

/// Prints the signed manifest.
struct FirmwareManifestPrint: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "manifest", abstract: "Print the signed manifest (a DSSE envelope in JSON) as it was registered.")

  @Argument var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws { try output.write(try await client.manifest(id)) }
}
