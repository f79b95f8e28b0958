import APIClient
import APIContract
import ArgumentParser

/// Devices that speak hawkBit DDI, by the names that they give themselves.
struct ControllerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "controller", abstract: "Devices that speak hawkBit DDI: who has come, and who may come in.",
    subcommands: [ControllerListing.self, ControllerAdmit.self, ControllerRefuse.self])
}

/// Lists the devices that came by DDI.
struct ControllerListing: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the devices that came by DDI, by name, with their things.")

  @Flag(help: "Only those that wait: their model holds unknown ones.") var waiting = false
  @Option(help: "Only this model's.") var model: String?
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(
      try await client.every { try await client.controllers(waiting: waiting, model: model, limit: $0, after: $1) })
  }
}

/// Makes a thing of a device that waits.
struct ControllerAdmit: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "admit", abstract: "Let a device in that waits: it is a thing of its model from then on.")

  @Argument(help: "Its name, as firmament controller list shows it.") var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let thing = try await client.admitController(id)
    try output.write(thing, line: PlainText.oneLine("Controller \(id) is thing \(thing.id) of model \(thing.model)."))
  }
}

/// Forgets a device that waits, or all of a model, or frees the name of a thing.
struct ControllerRefuse: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "refuse",
    abstract: "Forget a device that waits, or all of a model, or take its name from a thing, which stays.")

  @Argument(help: "Its name, as firmament controller list shows it.") var id: String?
  @Flag(help: "All that wait, of the model that --model names.") var allWaiting = false
  @Option(help: "The model; only with --all-waiting.") var model: String?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    guard allWaiting == (model != nil), allWaiting == (id == nil) else {
      throw ValidationError("Give the name of one device, or --all-waiting with --model.")
    }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    guard let id else {
      if let model { try output.write(try await client.refuseControllers(ofModel: model)) }
      return
    }
    let refused = try await client.refuseController(id)
    let words =
      if let thing = refused.thing {
        "Thing \(thing) of model \(refused.model) is no longer controller \(refused.controllerId): the name is free."
      } else {
        "Controller \(refused.controllerId) of model \(refused.model) is refused."
      }
    try output.write(refused, line: PlainText.oneLine(words))
  }
}
