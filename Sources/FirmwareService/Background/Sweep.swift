import Catalog
import Domain
import ImageStore
import Logging
import Rollouts
public import ServiceLifecycle

extension FirmwareService {
  func expireConfirmations(of thingID: Int64, _ releases: ReleaseSnapshot, at now: Timestamp) async throws {
    guard let known = try await translatingErrors({ try await fleet.standing(of: thingID) }),
      let model = releases.modelsByID[known.modelID]
    else { return }
    let commit = try fleet.expire(thingID) { standing in
      for installation in standing.installations {
        if let next = Confirmation.expire(installation, confirmWithin: model.confirmWithin, at: now) { standing.set(next) }
      }
      DeliveryProgress.follow(&standing, releases, at: now)
    }
    try await settle(commit, of: thingID)
  }

  /// Removes images that no firmware names, and cut uploads that nobody continued, once they are a day old.
  public func collectOrphans() async throws {
    let moment = clock().adding(seconds: -86_400)
    try await translatingErrors {
      try await catalog.forgetUnnamedImages(storedBefore: moment)
      let named = Set(try await catalog.images().keys)
      // Files bear the time of the computer, which the service's clock may have left behind.
      let gone = try await images.collect(unusedSince: fileClock().adding(seconds: -86_400)) { named.contains($0) }
      if gone.images + gone.partials > 0 {
        log.info("orphans collected", metadata: ["images": "\(gone.images)", "partials": "\(gone.partials)"])
      }
    }
  }
}

/// What has to be looked at now and then: confirmations that are overdue, sessions that have expired, and orphans.
public struct Sweep: Service {
  private let service: FirmwareService
  private let interval: Duration

  /// - Parameter interval: real time between two looks.
  public init(service: FirmwareService, interval: Duration = .seconds(5)) {
    self.service = service
    self.interval = interval
  }

  public func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var round = 0
      while !Task.isCancelled {
        await sweep(orphansToo: round % 720 == 0)
        round += 1
        try await Task.sleep(for: interval)
      }
    }
  }

  private func sweep(orphansToo: Bool) async {
    do {
      try await service.expireConfirmations()
      try await service.endExpiredSessions()
      if orphansToo { try await service.collectOrphans() }
    } catch is CancellationError {
      // The service stops.
    } catch {
      service.log.error("a sweep failed and will be tried again", metadata: ["error": "\(error)"])
    }
  }
}
