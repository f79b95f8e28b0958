import APIClient
import APIContract
import ArgumentParser
import Domain

/// Plays a fleet against a server.
struct FleetSimulate: AsyncParsableCommand {
  static let most = 100_000

  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Play a fleet: its things activate, poll, download in ranges, install, reboot and confirm, or do not.",
    discussion: """
      The things stay in the store. It ends when the rollouts of --start-rollout and --rollout have finished, halted or been
      cancelled, or get no further; without any, when nothing is offered any more, or, with --for, when that time is over. All
      times are simulated: --time-scale is best the same as the server's.
      """)

  @Option(help: "How many things.") var things: Int
  @Option(help: "The model of the things.") var model: String
  @Option(help: "What they run at first. (default: the oldest published version of each MCU)") var version: String?
  @Option(help: "Start this rollout once all things are there, and watch it. May be given several times.")
  var startRollout: [String] = []
  @Option(help: "Watch this rollout. May be given several times.") var rollout: [String] = []
  @Option(help: "What is left to chance is the same for the same number.") var seed: UInt64 = 1
  @Option(help: "Share of the things whose installs fail, such as 10%.") var fail = ShareArgument(0)
  @Option(help: "Share of the things that come up with the old version.") var rollback = ShareArgument(0)
  @Option(help: "Share of the things that are never heard of again after an install.") var silent = ShareArgument(0)
  @Option(help: "How many times faster than real time, 1 to 100000.") var timeScale = 1
  @Option(help: "Between two polls of a thing, where the server names no other time.")
  var pollInterval = DurationArgument(seconds: 300)
  @Option(help: "Bytes a thing asks for at once.") var rangeBytes: Int64 = 65_536
  @Option(help: "Connections at the same time.") var connections = 64
  @Option(name: .customLong("for"), help: "Play for this long at most.") var time: DurationArgument?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if !(1...Self.most).contains(things) { throw ValidationError("--things is 1 to \(Self.most).") }
    if fail.share + rollback.share + silent.share > 1 {
      throw ValidationError("--fail, --rollback and --silent are together at most 100%.")
    }
    if !SimulatedClock.scales.contains(timeScale) { throw ValidationError("--time-scale is 1 to 100000.") }
    if pollInterval.seconds < 1 { throw ValidationError("--poll-interval is 1s or more.") }
    if rangeBytes < 1 { throw ValidationError("--range-bytes is a whole number from 1 on.") }
    if !(1...10_000).contains(connections) { throw ValidationError("--connections is 1 to 10000.") }
  }

  func run() async throws {
    var limits = ServerConnection.Limits()
    limits.connections = connections + 1
    try await server.withClient(limits: limits) { client in
      let watch = FleetRolloutWatch(client, starting: startRollout, watching: rollout)
      let fleet = FleetSimulation(
        client: ThingClient(client.connection), plan: try await plan(client), timeScale: Double(timeScale),
        end: !watch.ids.isEmpty ? .rollouts(watch) : time == nil ? .quiet : .never, limit: time.map { Double($0.seconds) })
      try await fleet.watched { try await fleet.run() }
      let figures = fleet.tally.now
      let summary = FleetSummary(figures, things: things, seconds: fleet.world.time.now, rollouts: watch.latest)
      try OutputRendering(json: server.output.json).write(summary)
      if figures.gaveUp > 0 {
        throw CommandFailure(
          "\(figures.gaveUp) of \(things) things gave up: \(figures.lastError ?? "look at the server's log")")
      }
    }
  }

  private func plan(_ client: OperatorClient) async throws -> FleetPlan {
    // What does not exist is told before anything is made.
    for id in startRollout + rollout { _ = try await client.rollout(id) }
    let firmwares = try await client.every { try await client.firmwares(model: model, limit: $0, after: $1) }.firmwares
    let running = FleetPlan.firstVersions(of: try await client.model(model), firmwares, version: version)
    var plan = FleetPlan(codes: try await CodeCreate.create(things, of: model, client).codes.map(\.code))
    plan.running = running
    plan.seed = seed
    plan.fail = fail.share
    plan.rollback = rollback.share
    plan.silent = silent.share
    plan.pollInterval = Double(pollInterval.seconds)
    plan.rangeBytes = rangeBytes
    plan.connections = connections
    return plan
  }
}
