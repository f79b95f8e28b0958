import APIClient
import ArgumentParser
import UnixSignals

/// Shows where a rollout stands.
struct RolloutStatus: ServerCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show where a rollout stands, stage by stage.",
    discussion: "--watch ends by itself when the rollout is finished, halted or cancelled; Ctrl-C ends it before.")

  @OptionGroup var selection: RolloutSelection
  @Flag(help: "Go on showing it as it changes.") var watch = false
  @Option(help: "With --watch: how often to look; else every 2s.") var interval: DurationArgument?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    guard let interval else { return }
    if !watch { throw ValidationError("--interval goes with --watch.") }
    if interval.seconds < 1 { throw ValidationError("--interval is 1s or more.") }
  }

  func run(_ client: OperatorClient, _ output: OutputRendering) async throws {
    let id = try await selection.find(client)
    guard watch else { return try output.write(try await client.rollout(id)) }
    let watch = RolloutWatch(
      form: output.json ? .json : StandardStream.output.isTerminal ? .screen : .lines,
      interval: .seconds(interval?.seconds ?? 2), write: output.write)
    try await Self.untilInterrupted { try await watch.run { try await client.rollout(id) } }
  }

  /// Does the work until it ends or somebody presses Ctrl-C, which is as good an end.
  private static func untilInterrupted(_ work: @escaping @Sendable () async throws -> Void) async throws {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { for await _ in signals { return } }
      group.addTask { try await work() }
      defer { group.cancelAll() }
      try await group.next()
    }
  }
}
