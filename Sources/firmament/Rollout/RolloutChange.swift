import APIClient
import APIContract
import ArgumentParser

/// A command that changes one rollout.
protocol RolloutChange: ServerCommand {
  var selection: RolloutSelection { get }

  func change(_ id: String, _ client: OperatorClient) async throws -> RolloutShape
}

extension RolloutChange {
  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let rollout = try await change(try await selection.find(client), client)
    try output.write(rollout, line: rollout.meaning)
  }
}

/// Starts a rollout.
struct RolloutStart: RolloutChange {
  static let configuration = CommandConfiguration(commandName: "start", abstract: "Start a rollout now.")

  @OptionGroup var selection: RolloutSelection
  @OptionGroup var server: ServerOptions

  func change(_ id: String, _ client: OperatorClient) async throws -> RolloutShape { try await client.startRollout(id) }
}

/// Stops a rollout for now.
struct RolloutPause: RolloutChange {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Stop offering a rollout for now, also to things in mid-download.")

  @OptionGroup var selection: RolloutSelection
  @OptionGroup var server: ServerOptions

  func change(_ id: String, _ client: OperatorClient) async throws -> RolloutShape { try await client.pauseRollout(id) }
}

/// Lets a rollout go on.
struct RolloutResume: RolloutChange {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Let a rollout go on that was paused or has halted.")

  @OptionGroup var selection: RolloutSelection
  @OptionGroup var server: ServerOptions

  func change(_ id: String, _ client: OperatorClient) async throws -> RolloutShape { try await client.resumeRollout(id) }
}

/// Ends a rollout.
struct RolloutCancel: RolloutChange {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "End a rollout for good: nothing of it is offered or served any more.")

  @OptionGroup var selection: RolloutSelection
  @OptionGroup var server: ServerOptions

  func change(_ id: String, _ client: OperatorClient) async throws -> RolloutShape { try await client.cancelRollout(id) }
}

/// Takes back what a rollout did.
struct RolloutRevert: RolloutChange {
  static let configuration = CommandConfiguration(
    commandName: "revert", abstract: "End a rollout, and start one that takes its things back to what each ran before.")

  @OptionGroup var selection: RolloutSelection
  @OptionGroup var server: ServerOptions

  func change(_ id: String, _ client: OperatorClient) async throws -> RolloutShape { try await client.revertRollout(id) }
}

/// Gives a rollout the go.
struct RolloutApprove: RolloutChange {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Give a rollout the go that it waits for: for its start, or for the next stage.")

  @OptionGroup var selection: RolloutSelection
  @OptionGroup var server: ServerOptions

  func change(_ id: String, _ client: OperatorClient) async throws -> RolloutShape { try await client.approveRollout(id) }
}
