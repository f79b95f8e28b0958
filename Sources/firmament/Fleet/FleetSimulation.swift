import APIClient
import Domain

/// Many simulated things against one server. A few workers take whichever thing comes next: when the machine cannot keep up,
/// the things do everything a little later, and nothing piles up.
struct FleetSimulation: Sendable {
  /// When it is over, if not because its time is.
  enum End: Sendable {
    /// When nothing is offered any more.
    case quiet
    /// When it is cancelled.
    case never
    /// When these rollouts come to an end, or get no further.
    case rollouts(FleetRolloutWatch)
  }

  let world: SimulatedWorld
  let end: End
  /// Simulated seconds after which it is over in any case.
  let limit: Double?
  private let schedule: FleetSchedule

  init(client: ThingClient, plan: FleetPlan, timeScale: Double, end: End, limit: Double? = nil) {
    world = SimulatedWorld(client: client, plan: plan, time: SimulationTime(scale: timeScale), tally: FleetTally())
    self.end = end
    self.limit = limit
    schedule = FleetSchedule(plan.things())
  }

  var tally: FleetTally { world.tally }

  /// Plays to the end. What goes wrong on one thing is counted, and does not end the others.
  func run() async throws {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for _ in 0..<min(world.plan.connections, world.plan.codes.count) {
        group.addTask {
          try await work()
          return false
        }
      }
      group.addTask {
        try await awaitEnd()
        return true
      }
      if let limit {
        group.addTask { [time = world.time] in
          try await time.sleep(until: limit)
          return true
        }
      }
      while let isEnd = try await group.next(), !isEnd {}
      group.cancelAll()
      while let result = await group.nextResult() {
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
      }
    }
  }

  /// Has one thing after the other do what is due. It ends when no thing is left that another worker does not have: then there
  /// are as many workers as things, or more.
  private func work() async throws {
    while var (moment, thing) = schedule.next() {
      try await world.time.sleep(until: moment)
      try Task.checkCancellation()
      if let wait = try await thing.step(world) {
        moment = world.time.now + wait
        schedule.put(thing, at: moment)
      }
    }
  }

  private func awaitEnd() async throws {
    try await all { $0.began + $0.neverBegan }
    switch end {
    case .quiet: try await all { $0.quiet + $0.gone }
    case .never: try await all { $0.gone }
    case .rollouts(let watch): try await watch.follow(world)
    }
  }

  /// Waits until all things are among those that are counted.
  private func all(_ count: (FleetTally.Figures) -> Int) async throws {
    while count(tally.now) < world.plan.codes.count { try await Task.sleep(for: .milliseconds(10)) }
  }
}

extension FleetSimulation {
  /// Runs the work beside a line on standard error every two seconds.
  func watched(_ work: @Sendable () async throws -> Void) async throws {
    let began = ContinuousClock.now
    @Sendable func tell() {
      let seconds = (ContinuousClock.now - began) / .seconds(1)
      StandardStream.error.write(PlainText.oneLine(tally.now.line(of: world.plan.codes.count, seconds: seconds)) + "\n")
    }
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        while true {
          try await Task.sleep(for: .seconds(2))
          tell()
        }
      }
      do { try await work() } catch {
        group.cancelAll()
        throw error
      }
      group.cancelAll()
      do { try await group.waitForAll() } catch is CancellationError {}
    }
    tell()
  }
}
