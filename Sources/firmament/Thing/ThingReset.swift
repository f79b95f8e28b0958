import APIClient
import APIContract
import ArgumentParser

/// Lets a thing activate again.
struct ThingReset: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "End a thing's tokens and let its activation code activate it again.")

  @Argument var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.resetThing(id))
  }
}

/// Gives a thing a new token.
struct ThingRotate: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate", abstract: "Give a thing a new token and print it; the old one works for the overlap.")

  @Argument var id: String
  @Option(help: "How long the old token goes on working.") var overlap = DurationArgument(seconds: 86_400)
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.rotateThingToken(id, overlap: overlap.seconds))
  }
}

/// Ends a thing.
struct ThingRetire: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "retire", abstract: "End a thing: its tokens stop working, and its code too.")

  @Argument var id: String
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let thing = try await client.retireThing(id)
    try output.write(thing, line: PlainText.oneLine("Thing \(thing.id) is retired."))
  }
}

/// Offers again what did not work.
struct ThingRetry: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Offer again what failed, was rejected or was rolled back on a thing.")

  @Argument var id: String
  @Option(help: "Only this MCU's.") var mcu: String?
  @OptionGroup var server: ServerOptions

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    try output.write(try await client.retryThing(id, mcu: mcu))
  }
}
