import Catalog
import Domain
import Logging

/// What one gateway token may bring about: it is in every device of its model.
final class GatewayLimit: Sendable {
  /// New things, by model.
  let newThings: AttemptBuckets
  /// Entries of the log that a limit is reached, by model.
  let notices: AttemptBuckets

  init(_ settings: ServiceSettings) {
    newThings = AttemptBuckets(settings.newGatewayThings, capacity: settings.countedCallers)
    notices = AttemptBuckets(RateLimit(count: 1, seconds: 60), capacity: settings.countedCallers)
  }
}

extension FirmwareService {
  /// Counts a new thing that comes by the gateway token of its model.
  /// - Throws: `tooOften`.
  func takeNewThing(of model: Model, at now: Timestamp) throws {
    do { try gatewayLimit.newThings.take(Array(model.name.utf8), at: now) } catch {
      noticeLimit("new things come too fast by a gateway token", of: model, at: now)
      throw error
    }
  }

  /// Has a controller wait for an operator.
  /// - Throws: `quotaExceeded`.
  func letWait(_ controllerID: String, of model: Model, at now: Timestamp) async throws {
    try await translatingErrors {
      do {
        try await catalog.addWaitingController(
          controllerID, modelID: model.id, most: settings.mostWaitingControllers, at: now
        ) { [controllers] in controllers.replace($0) }
      } catch let error as CatalogError where error.code == .full {
        noticeLimit("no more controllers may wait", of: model, at: now)
        throw ServiceError(.quotaExceeded, error.message)
      }
    }
  }

  /// Writes into the log once a minute what is refused by the thousand.
  private func noticeLimit(_ message: Logger.Message, of model: Model, at now: Timestamp) {
    guard (try? gatewayLimit.notices.take(Array(model.name.utf8), at: now)) != nil else { return }
    log.warning(message, metadata: ["model": "\(model.name)"])
  }
}
