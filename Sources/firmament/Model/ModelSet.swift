import APIClient
import APIContract
import ArgumentParser

/// A switch on a command line: `on` or `off`.
enum Switch: String, ExpressibleByArgument, CaseIterable, Sendable { case on, off }

/// Changes settings of a model.
struct ModelSet: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Change settings of a model; what is not named stays as it is.")

  @Argument(help: "The model.") var name: String
  @Option(help: "on: what is published needs the go of a second operator.") var fourEyes: Switch?
  @Option(help: "How often its things ask, such as 5m; 1s to 1d.") var pollInterval: DurationArgument?
  @OptionGroup var door: DeviceDoorOptions
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if fourEyes == nil, pollInterval == nil, door.isEmpty {
      throw ValidationError("Give --four-eyes, --poll-interval or another setting.")
    }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let settings = ModelSettings(
      fourEyes: fourEyes.map { $0 == .on }, pollInterval: pollInterval?.seconds, deviceDoor: door.settings,
      modules: door.modules)
    let model = try await client.setModel(settings, model: name)
    let eyes = model.fourEyes ? "a second operator approves" : "one operator publishes"
    let interval = DurationArgument.text(seconds: model.pollInterval)
    let doors = door.isEmpty ? "" : "; by DDI \(model.deviceDoor.text), \(model.mcus.map(\.moduleText).joined(separator: ", "))"
    try output.write(model, line: PlainText.oneLine("Model \(model.name): \(eyes); its things ask every \(interval)\(doors)."))
  }
}
