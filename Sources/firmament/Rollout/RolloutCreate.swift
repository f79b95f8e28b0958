import APIClient
import APIContract
import ArgumentParser

/// Creates a rollout.
struct RolloutCreate: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a rollout; it waits for its start, unless --start is given.",
    discussion: "Look at it before with firmament rollout plan and the same options.")

  @OptionGroup var options: RolloutOptions
  @Flag(help: "Start it at once.") var start = false
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if start && options.startAt != nil { throw ValidationError("Give --start or --start-at, not both.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    var rollout = try await options.send(output) { try await client.createRollout($0) }
    if start {
      do { rollout = try await client.startRollout(rollout.id) } catch let error as APIClientError {
        throw CommandFailure("rollout \(rollout.id) was created but not started: \(error.detail)")
      }
    }
    try output.write(rollout, line: rollout.meaning)
  }
}
