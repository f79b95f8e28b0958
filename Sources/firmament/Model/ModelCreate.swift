import APIClient
import APIContract
import ArgumentParser

/// Creates a model.
struct ModelCreate: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a model with its MCUs. The same model again is a success.")

  @Argument(help: "Up to 64 printable characters.") var name: String
  @Option(help: "An MCU of the model; repeat it for several.") var mcu: [String] = []
  @Flag(help: "Take only whole numbers as versions, for device code that compares them as numbers.") var numericVersions = false
  @Option(help: "How long a thing has to confirm what it installed, such as 15m.") var confirmWithin: DurationArgument?
  @Flag(help: "What is published needs the go of a second operator.") var fourEyes = false
  @Option(help: "How often its things ask, such as 5m; 1s to 1d.") var pollInterval: DurationArgument?
  @OptionGroup var door: DeviceDoorOptions
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if mcu.isEmpty { throw ValidationError("A model needs at least one --mcu.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let model = try await client.createModel(
      NewModel(
        name: name, mcus: mcu, numericVersions: numericVersions ? true : nil, confirmWithin: confirmWithin?.seconds,
        fourEyes: fourEyes ? true : nil, pollInterval: pollInterval?.seconds, deviceDoor: door.settings,
        modules: door.modules))
    let mcus = model.mcus.map(\.name).joined(separator: ", ")
    try output.write(
      model, line: PlainText.oneLine("Model \(model.name) with \(mcus). Next: firmament model trust \(model.name) KEY.pub.pem"))
  }
}
