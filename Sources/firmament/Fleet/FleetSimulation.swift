import APIClient
import APIContract

/// Many simulated things against one server.
struct FleetSimulation: Sendable {
  /// Errors in a row after which a thing gives up.
  static let patience = 5
  /// Polls in a row without an offer after which a thing that is not told to go on is done.
  static let quietPolls = 2

  let client: ThingClient
  /// Activation codes, one a thing.
  let codes: [String]
  let pace: Pace
  /// Shares of the installs, 0 to 1.
  let failureShare: Double
  let rollbackShare: Double
  let rangeBytes: Int64
  /// Until when the things go on polling; nil: until nothing is offered any more.
  let until: ContinuousClock.Instant?
  let tally = FleetTally()

  /// Runs until every thing is done. What goes wrong on one thing is counted, and does not end the others.
  func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (index, code) in codes.enumerated() { group.addTask { try await live(code, fate(of: index)) } }
      try await group.waitForAll()
    }
  }

  /// The shares spread evenly over the fleet, the same in every run.
  private func fate(of index: Int) -> SimulatedThing.Fate {
    let place = (Double(index) * 0.618_033_988_75).truncatingRemainder(dividingBy: 1)
    if place < failureShare { return .fails }
    return place < failureShare + rollbackShare ? .fallsBack : .installs
  }

  private func live(_ code: String, _ fate: SimulatedThing.Fate) async throws {
    try await pace.turn()
    guard let token = try await tried({ try await client.activate(code: code) }) else { return }
    tally.activated()
    var thing = SimulatedThing(client, token: token, fate: fate, rangeBytes: rangeBytes, tally: tally)
    var quiet = 0
    var errors = 0
    while until.map({ .now < $0 }) ?? (quiet < Self.quietPolls) {
      try await pace.turn()
      do {
        let offers = try await thing.poll()
        quiet = offers.isEmpty ? quiet + 1 : 0
        for offer in offers { try await thing.install(offer) }
        errors = 0
      } catch let error as APIClientError {
        errors += 1
        tally.failed(error.detail, gaveUp: errors == Self.patience)
        if errors == Self.patience { return }
      }
    }
  }

  private func tried<Result>(_ work: () async throws -> Result) async throws -> Result? {
    for attempt in 1...Self.patience {
      do { return try await work() } catch let error as APIClientError {
        let hopeless = !error.isPassing || attempt == Self.patience
        tally.failed(error.detail, gaveUp: hopeless)
        if hopeless { return nil }
        try await Task.sleep(for: .seconds(1))
      }
    }
    return nil
  }
}

extension FleetSimulation {
  /// Runs the work beside a line on standard error every two seconds.
  func watched(_ work: @Sendable () async throws -> Void) async throws {
    let began = ContinuousClock.now
    @Sendable func tell() {
      let seconds = (ContinuousClock.now - began) / .seconds(1)
      StandardStream.error.write(PlainText.oneLine(tally.now.line(of: codes.count, seconds: seconds)) + "\n")
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
