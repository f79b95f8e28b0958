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

  /// How long a device may leave unanswered that it is to stop, in seconds. Then it counts as stopped, and is told of what
  /// comes next.
  static let longestCancellation: Int64 = 86_400

  /// Ends the actions of devices that do not answer that they are to stop.
  /// - Returns: how many.
  @discardableResult public func endUnansweredCancellations() async throws -> Int {
    let now = clock()
    let ended = try await translatingErrors {
      try await catalog.closeUnansweredCancellations(
        notedBy: now.adding(seconds: -Self.longestCancellation), at: now, limit: 10_000
      ) { [controllers] in
        for controller in $0 { controllers.replace(controller) }
      }
    }
    if ended > 0 { log.info("devices did not answer that they are to stop", metadata: ["actions": "\(ended)"]) }
    return ended
  }

  /// How long the reports of an action are kept once it is closed, in seconds.
  static let reportsKeptSeconds: Int64 = 30 * 86_400
  /// Reports that go in one transaction, so that writes come in between.
  private static let reportsDeletedTogether = 500

  /// Deletes what devices of the DDI door said of actions that have been closed for long. The actions stay.
  public func deleteOldReports() async throws {
    let moment = clock().adding(seconds: -Self.reportsKeptSeconds)
    try await translatingErrors {
      let deleted = try await inParts(of: Self.reportsDeletedTogether) {
        try await catalog.deleteReports(closedBefore: moment, most: $0)
      }
      if deleted > 0 { log.info("old reports deleted", metadata: ["reports": "\(deleted)"]) }
    }
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

/// What has to be looked at now and then: confirmations and cancellations that are overdue, sessions that have expired,
/// orphans, and reports and events that are older than is kept.
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
      try await service.endUnansweredCancellations()
      try await service.endExpiredSessions()
      try await service.endExpiredOperatorSessions()
      if orphansToo {
        try await service.collectOrphans()
        try await service.deleteOldReports()
        try await service.deleteOldEvents()
      }
    } catch is CancellationError {
      // The service stops.
    } catch {
      service.log.error("a sweep failed and will be tried again", metadata: ["error": "\(error)"])
    }
  }
}
