import Catalog
import Domain
import Logging
public import ServiceLifecycle

extension FirmwareService {
  /// Writes what the server saw of things since the last time.
  public func flushSightings() async throws { try await translatingErrors { try await fleet.flush() } }

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

/// Writes in the background what polls leave in memory, twice a second, and once more when the service stops.
public struct FleetRecorder: Service {
  private let service: FirmwareService
  private let interval: Duration

  public init(service: FirmwareService, interval: Duration = .milliseconds(500)) {
    self.service = service
    self.interval = interval
  }

  public func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        try await Task.sleep(for: interval)
        await record()
      }
    }
    await record()
  }

  private func record() async {
    do { try await service.flushSightings() } catch {
      service.log.error(
        "what was seen of things could not be written; it is kept for the next time", metadata: ["error": "\(error)"])
    }
  }
}
