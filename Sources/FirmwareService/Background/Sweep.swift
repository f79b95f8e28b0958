import Catalog
import Domain
import ImageStore
import Logging
import Rollouts
public import ServiceLifecycle

extension FirmwareService {
  func expireConfirmations(of thingID: Int64, _ releases: ReleaseIndex.Snapshot, at now: Timestamp) async throws {
    guard let known = try await translatingErrors({ try await fleet.standing(of: thingID) }),
      let model = releases.modelsByID[known.modelID]
    else { return }
    let commit = try fleet.expire(thingID) { standing in
      for installation in standing.installations {
        if let next = Confirmation.expire(installation, confirmWithin: model.confirmWithin, at: now) { standing.set(next) }
      }
    }
    try await settle(commit, of: thingID)
  }

  /// Removes images that no firmware names, and cut uploads that nobody continued, once they are a day old.
  public func collectOrphans() async throws {
    let moment = clock().adding(seconds: -86_400)
    try await translatingErrors {
      try await catalog.forgetUnnamedImages(storedBefore: moment)
      let named = Set(try await catalog.images().keys)
      let gone = try await images.collect(unusedSince: moment) { named.contains($0) }
      if gone.images + gone.partials > 0 {
        log.info("orphans collected", metadata: ["images": "\(gone.images)", "partials": "\(gone.partials)"])
      }
    }
  }
}

/// What has to be looked at now and then: confirmations that are overdue, sessions that have expired, and orphans.
public struct Sweep: Service {
  private let service: FirmwareService

  public init(service: FirmwareService) { self.service = service }

  public func run() async throws {
    try? await cancelWhenGracefulShutdown {
      var round = 0
      while !Task.isCancelled {
        await sweep(orphansToo: round % 720 == 0)
        round += 1
        try await Task.sleep(for: .seconds(5))
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
