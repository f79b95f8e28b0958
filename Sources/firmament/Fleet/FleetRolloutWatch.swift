import APIClient
import APIContract
import Domain
import Synchronization

/// Starts rollouts once a fleet is there, and waits until they have finished, halted or been cancelled, or get no further.
final class FleetRolloutWatch: Sendable {
  let client: OperatorClient
  /// Those that are to be started.
  let drafts: [String]
  /// All that are looked at.
  let ids: [String]
  private let states: Mutex<[String: RolloutState]> = Mutex([:])

  init(_ client: OperatorClient, starting drafts: [String], watching others: [String]) {
    self.client = client
    self.drafts = drafts
    ids = drafts + others.filter { !drafts.contains($0) }
  }

  /// How they stood when they were looked at last.
  var latest: [FleetSummary.WatchedRollout] {
    states.withLock { states in
      ids.compactMap { id in states[id].map { FleetSummary.WatchedRollout(id: id, state: $0) } }
    }
  }

  /// - Throws: `APIClientError` when the server refuses, or is gone for longer than things wait for it.
  func follow(_ world: SimulatedWorld) async throws {
    for id in drafts { _ = try await patiently(world) { try await self.client.startRollout(id) } }
    var progress = Progress(world)
    while true {
      var looked: [RolloutShape] = []
      for id in ids { looked.append(try await patiently(world) { try await self.client.rollout(id) }) }
      states.withLock { states in for rollout in looked { states[rollout.id] = rollout.state } }
      let open = looked.filter { ![.finished, .halted, .cancelled].contains($0.state) }
      if open.isEmpty { return }
      if try progress.isStuck(open, world) { return }
      let interval = world.plan.pollInterval / world.time.scale / 4
      try await Task.sleep(for: .seconds(min(max(interval, 0.05), 2)))
    }
  }

  /// Makes a call again while the server is away.
  private func patiently<Result: Sendable>(
    _ world: SimulatedWorld, _ call: @Sendable () async throws -> Result
  ) async throws -> Result {
    let end = ContinuousClock.now + world.plan.patience
    while true {
      do { return try await call() } catch let error as APIClientError where error.isPassing && error.status != 409 {
        if .now > end { throw error }
        try await Task.sleep(for: .milliseconds(250))
      }
    }
  }
}

extension FleetRolloutWatch {
  /// Whether anything has changed of late.
  private struct Progress {
    /// Real time without any change that is always waited for: a slow machine must not look like the end.
    static let shortest = Duration.seconds(3)

    private var seen = ""
    private var since: Double
    private var reallySince = ContinuousClock.now
    private var asked = 0

    init(_ world: SimulatedWorld) { since = world.time.now }

    /// Whether nothing has changed for so long that nothing will: longer than all that the rollouts themselves wait for, in
    /// which each living thing has asked several times. One that waits for a day or an hour may always go on.
    mutating func isStuck(_ rollouts: [RolloutShape], _ world: SimulatedWorld) throws -> Bool {
      let now = try OutputRendering.json(rollouts)
      let figures = world.tally.now
      let asked = figures.polls + figures.held
      if now != seen {
        (seen, since, reallySince, self.asked) = (now, world.time.now, .now, asked)
        return false
      }
      if rollouts.contains(where: { !$0.plan.windows.isEmpty || $0.state == .scheduled }) { return false }
      let own = rollouts.map { Double($0.plan.silence + $0.plan.soak) }.max() ?? 0
      let works = world.plan.installTimes.upperBound + world.plan.rebootTimes.upperBound
      let allowed = own + works + 2 * max(world.plan.pollInterval, figures.longestWait) * 1.1
      let living = world.plan.codes.count - figures.gone
      return world.time.now - since > allowed && .now - reallySince > Self.shortest && asked - self.asked >= 2 * living
    }
  }
}
