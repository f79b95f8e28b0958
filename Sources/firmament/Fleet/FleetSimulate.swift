import APIClient
import APIContract
import ArgumentParser
import Domain

/// Runs simulated things against a server.
struct FleetSimulate: AsyncParsableCommand {
  static let most = 100_000

  static let configuration = CommandConfiguration(
    commandName: "simulate", abstract: "Run simulated things: they activate, poll, download in ranges, install and confirm.",
    discussion: "It ends when nothing is offered any more, or when the time of --for is over. The things stay in the store.")

  @Option(help: "The model of the things.") var model: String
  @Option(help: "How many things.") var count: Int
  @Option(help: "Polls a second, of all things together.") var rate = 50.0
  @Option(help: "Share of the installs that fail, 0 to 1.") var failureShare = 0.0
  @Option(help: "Share of the installs that fall back to the old version, 0 to 1.") var rollbackShare = 0.0
  @Option(help: "Bytes a thing asks for at once.") var rangeBytes: Int64 = 65_536
  @Option(name: .customLong("for"), help: "Go on polling for this long, such as 10m.") var time: DurationArgument?
  @Option(help: "Connections at the same time.") var connections = 64
  @OptionGroup var server: ServerOptions

  func validate() throws {
    if !(1...Self.most).contains(count) { throw ValidationError("--count is 1 to \(Self.most).") }
    if !(rate > 0 && rate <= 1_000_000) { throw ValidationError("--rate is more than 0.") }
    let shares = [failureShare, rollbackShare]
    if !shares.allSatisfy({ (0...1).contains($0) }) || failureShare + rollbackShare > 1 {
      throw ValidationError("--failure-share and --rollback-share are 0 to 1, and together at most 1.")
    }
    if rangeBytes < 1 { throw ValidationError("--range-bytes is a whole number from 1 on.") }
    if !(1...10_000).contains(connections) { throw ValidationError("--connections is 1 to 10000.") }
  }

  func run() async throws {
    var limits = ServerConnection.Limits()
    limits.connections = connections
    try await server.withClient(limits: limits) { client in
      let codes = try await CodeCreate.create(count, of: model, client).codes.map(\.code)
      let fleet = FleetSimulation(
        client: ThingClient(client.connection), codes: codes, pace: Pace(rate: rate), failureShare: failureShare,
        rollbackShare: rollbackShare, rangeBytes: rangeBytes,
        until: time.map { .now + .seconds($0.seconds) })
      try await fleet.watched { try await fleet.run() }
      let figures = fleet.tally.now
      try OutputRendering(json: server.output.json).write(FleetSummary(figures, things: count))
      if figures.gaveUp > 0 {
        throw CommandFailure("\(figures.gaveUp) of \(count) things gave up: \(figures.lastError ?? "look at the server's log")")
      }
    }
  }
}

/// What a simulated fleet did in all.
struct FleetSummary: TextRendering {
  let things: Int
  let activated: Int
  let confirmed: Int
  let failed: Int
  let rolledBack: Int
  let polls: Int
  let bytes: Int64
  let errors: Int
  let gaveUp: Int

  init(_ figures: FleetTally.Figures, things: Int) {
    self.things = things
    activated = figures.activated
    confirmed = figures.ends[.confirmed, default: 0]
    failed = figures.ends[.failed, default: 0]
    rolledBack = figures.ends[.rolledBack, default: 0]
    polls = figures.polls
    bytes = figures.bytes
    errors = figures.errors
    gaveUp = figures.gaveUp
  }

  var text: String {
    "\(activated) of \(things) things activated: \(confirmed) installs confirmed, \(failed) failed, \(rolledBack) rolled back; "
      + "\(polls) polls, \(ProgressLine.size(bytes)) downloaded, \(errors) errors."
  }
}
