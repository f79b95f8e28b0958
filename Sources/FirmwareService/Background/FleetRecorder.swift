import Catalog
import Domain
import Logging
public import ServiceLifecycle

extension FirmwareService {
  /// Writes all that the server saw of things since the last time.
  public func flushSightings() async throws {
    try await translatingErrors {
      try await fleet.flush()
      try await fleet.flushHeard()
    }
  }

  /// The same, but for when things were heard of: of these, only what is said here.
  /// - Parameter thingIDs: the row ids of the things that somebody asks about.
  func flushObservations(withTimesOf thingIDs: [Int64] = []) async throws {
    try await translatingErrors {
      try await fleet.flush()
      try await fleet.flushHeard(of: thingIDs)
    }
  }

  /// The same but for what may wait: which rollouts things wait for, and why, where many have been told at once.
  func flushPressingObservations() async throws {
    try await translatingErrors { try await fleet.flushPressing() }
  }

  /// Writes what the server saw of things, and the next part of what may wait and of the times when they were heard of.
  /// - Parameter turn: which of several, that come one after another and together have all things.
  func recordSightings(turn: Int, of turns: Int) async throws {
    try await translatingErrors {
      try await fleet.flushPressing(turn: turn)
      try await fleet.flushHeard(HeardThings.parts(ofTurn: turn, of: turns))
    }
  }

  /// Rolls back what was installed, whose thing said another version since, and whose time to confirm has passed.
  /// - Returns: how many things were looked at.
  @discardableResult
  public func expireConfirmations() async throws -> Int {
    let now = clock()
    let releases = releases.snapshot
    // The shortest time of any model decides which rows are worth a look.
    guard let shortest = releases.modelsByID.values.map(\.confirmWithin).min() else { return 0 }
    let things = try await translatingErrors {
      try await catalog.awaitingConfirmation(installedBefore: now.adding(seconds: -shortest), limit: 10_000)
    }
    for thingID in things { try await expireConfirmations(of: thingID, releases, at: now) }
    return things.count
  }
}

/// Writes in the background what polls leave in memory: what was seen of things twice a second, where many only wait for a
/// rollout within five seconds, and when each was last heard of once a minute, a part of the things after the other, since
/// things that ask often would be written for ever. Where hundreds of thousands ask all the time, it is 4,000 of these times a
/// second. When the service stops, it writes all of it.
public struct FleetRecorder: Service {
  private let service: FirmwareService
  private let interval: Duration
  /// In how many turns all things have had theirs, at the fewest.
  private let fewestTurns: Int

  /// - Parameter times: how long it may take until it is written that a thing was heard of, in real time, where that is no
  ///   more than 4,000 a second.
  public init(service: FirmwareService, interval: Duration = .milliseconds(500), times: Duration = .seconds(60)) {
    self.service = service
    self.interval = interval
    fewestTurns = min(max(1, Int(times / interval)), HeardThings.partCount)
  }

  public func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var (turn, turns) = (0, fewestTurns)
      while !Task.isCancelled {
        try await Task.sleep(for: interval)
        if turn == 0 { turns = service.fleet.turnsOfHeard(atLeast: fewestTurns) }
        await record { try await service.recordSightings(turn: turn, of: turns) }
        turn = (turn + 1) % turns
      }
    }
    await record { try await service.flushSightings() }
  }

  private func record(_ work: () async throws -> Void) async {
    do { try await work() } catch {
      service.log.error(
        "what was seen of things could not be written; it is kept for the next time", metadata: ["error": "\(error)"])
    }
  }
}
