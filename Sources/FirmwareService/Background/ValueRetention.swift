import Catalog
import Domain
import Logging
public import ServiceLifecycle

extension FirmwareService {
  /// Resources that are looked at together.
  private static let trimmedTogether = 200
  /// Values that go from one resource in one transaction, so that writes come in between.
  private static let deletedTogether = 2000

  /// Deletes the values that the retention of their models does not keep.
  /// - Returns: how many were deleted.
  @discardableResult
  public func trimValues() async throws -> Int {
    try await translatingErrors {
      let now = clock()
      var deleted = 0
      var last: Int64 = 0
      while !Task.isCancelled {
        let found = try await catalog.resourcesToTrim(after: last, limit: Self.trimmedTogether)
        guard let end = found.last else { break }
        last = end.resourceID
        let models = releases.snapshot.modelsByID
        let resources = found.compactMap { found in
          models[found.modelID].map { (resourceID: found.resourceID, retention: $0.retention) }
        }
        var rest = try await catalog.overdueValues(resources, at: now)
        while !rest.isEmpty, !Task.isCancelled {
          let (gone, unfinished) = try await catalog.delete(rest, most: Self.deletedTogether)
          deleted += gone
          rest = unfinished
        }
      }
      return deleted
    }
  }
}

/// Sees to it every ten minutes that old values go.
public struct ValueRetention: Service {
  private let service: FirmwareService
  private let interval: Duration

  /// - Parameter interval: real time between two looks.
  public init(service: FirmwareService, interval: Duration = .seconds(600)) {
    self.service = service
    self.interval = interval
  }

  public func run() async throws {
    await service.recur(every: interval, complaint: "old values could not be deleted; it will be tried again") { [service] in
      let deleted = try await service.trimValues()
      if deleted > 0 { service.log.info("old values deleted", metadata: ["values": "\(deleted)"]) }
    }
  }
}
