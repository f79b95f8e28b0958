import APIClient
import APIContract
import Cryptography
import Domain

/// A device that exists only here: it polls, installs what it is offered, reboots and says what runs, as real device code does.
/// Each of its steps is at most one request, so that one that did not come through is simply made again.
struct SimulatedThing: Sendable {
  /// Polls in a row without an offer after which it counts as quiet.
  static let quietPolls = 2
  /// Refusals in a row, of what no waiting makes better, after which it gives up.
  static let mostRefusals = 5

  /// Something that it has to tell the server, before anything else.
  enum Message: Sendable {
    case report(LatestFirmware, ReportedStatus, code: String?)
    case resources
  }

  enum Phase: Sendable {
    case inactive(code: String)
    case idle
    case downloading(SimulatedDownload)
    /// The bytes are there; at the next step it is installed, or not.
    case installing(LatestFirmware)
    /// At the next step it is up again.
    case restarting(LatestFirmware)
    case silent
  }

  /// Its place in the fleet.
  let place: Int
  let fate: ThingFate
  var token = ""
  var phase: Phase
  /// What runs, by MCU.
  var running: [String: String]
  var boot = 1
  /// MCUs of which it has not said yet what runs since it came up.
  var unsaid: [String]
  var messages: [Message] = []
  /// Seconds that it waits once the messages are delivered.
  var pause = 0.0
  /// What counts once the server knows what runs.
  var settling: (end: InstallationState, version: String)?
  /// What was counted last.
  var settled: (end: InstallationState, version: String)?
  var hasBegun = false
  /// Polls in a row without an offer.
  var quiet = 0
  var refusals = 0
  /// Since when nothing comes through.
  var troubledSince: ContinuousClock.Instant?
  var senses: SimulatedSenses
  private var jitter: SeededNumbers

  init(_ place: Int, fate: ThingFate, _ plan: FleetPlan) {
    self.place = place
    self.fate = fate
    phase = .inactive(code: plan.codes[place])
    running = plan.running
    unsaid = plan.running.keys.sorted()
    senses = SimulatedSenses(SeededNumbers(seed: plan.seed, row: 2 * place + 1))
    jitter = SeededNumbers(seed: plan.seed, row: 2 * place + 2)
  }

  /// A time around this one, by chance.
  mutating func about(_ seconds: Double) -> Double { seconds * Double.random(in: 0.9...1.1, using: &jitter) }

  /// That time or a little more.
  mutating func atLeast(_ seconds: Double) -> Double { seconds * Double.random(in: 1...1.1, using: &jitter) }

  mutating func between(_ seconds: ClosedRange<Double>) -> Double { Double.random(in: seconds, using: &jitter) }

  /// Does what is due.
  /// - Returns: the simulated seconds until the next step; nil when there is none.
  mutating func step(_ world: SimulatedWorld) async throws -> Double? {
    do {
      let wait = try await advance(world)
      (troubledSince, refusals) = (nil, 0)
      return wait
    } catch let error as APIClientError {
      return trouble(error, world)
    }
  }

  private mutating func advance(_ world: SimulatedWorld) async throws -> Double? {
    if let message = messages.first {
      try await send(message, world)
      messages.removeFirst()
      if !messages.isEmpty { return 0 }
      if case .silent = phase {
        world.tally.note { $0.silent += 1 }
        return nil
      }
      return pause
    }
    switch phase {
    case .inactive(let code): return try await activate(code, world)
    case .idle: return try await poll(world)
    case .downloading(let download): return try await fetch(download, world)
    case .installing(let firmware): return install(firmware, world)
    case .restarting(let firmware): return restart(firmware)
    case .silent: return nil
    }
  }

  private mutating func activate(_ code: String, _ world: SimulatedWorld) async throws -> Double {
    token = try await world.client.activate(code: code)
    world.tally.note { $0.activated += 1 }
    phase = .idle
    messages = [.resources]
    pause = 0
    return 0
  }

  /// - Returns: how long to wait after what did not come through; nil for giving up.
  private mutating func trouble(_ error: APIClientError, _ world: SimulatedWorld) -> Double? {
    if error.code == .refused, let status = error.status, [429, 503].contains(status) {
      world.tally.note { $0.held += 1 }
      troubledSince = nil
      // Time passes for it while it waits: a battery is charged.
      if case .downloading = phase, messages.isEmpty, senses.move() { (messages, pause) = ([.resources], 0) }
      let wait = atLeast(Double(error.retryAfter ?? Int(world.plan.pollInterval)))
      world.tally.note { $0.longestWait = max($0.longestWait, wait) }
      return wait
    }
    let since = troubledSince ?? .now
    troubledSince = since
    if !error.isPassing { refusals += 1 }
    let isOver = refusals >= Self.mostRefusals || .now - since > world.plan.patience
    let wasQuiet = quiet >= Self.quietPolls
    world.tally.note { [hasBegun] in
      $0.errors += 1
      $0.gaveUp += isOver ? 1 : 0
      $0.neverBegan += isOver && !hasBegun ? 1 : 0
      $0.quiet -= isOver && wasQuiet ? 1 : 0
      $0.lastError = error.detail
    }
    // A server that is gone comes back in real time.
    return isOver ? nil : error.isPassing ? world.time.simulated(about(0.25)) : about(world.plan.pollInterval)
  }
}
