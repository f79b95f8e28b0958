import APIClient
import APIContract
import ArgumentParser

/// Offers a firmware.
struct FirmwarePublish: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "publish", abstract: "Offer a firmware to the things of its model.")

  @Argument var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let firmware = try await client.publishFirmware(id)
    try output.write(
      firmware, line: PlainText.oneLine("\(firmware.model) \(firmware.mcu) \(firmware.version) is published."))
  }
}

/// Stops offering a firmware.
struct FirmwareWithdraw: ServerCommand {
  static let configuration = CommandConfiguration(commandName: "withdraw", abstract: "Stop offering and serving a firmware.")

  @Argument var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let firmware = try await client.withdrawFirmware(id)
    try output.write(
      firmware, line: PlainText.oneLine("\(firmware.model) \(firmware.mcu) \(firmware.version) is withdrawn."))
  }
}
