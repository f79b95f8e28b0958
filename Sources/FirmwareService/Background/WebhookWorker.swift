import Domain
import Logging
public import ServiceLifecycle
public import Webhooks

/// Makes queued deliveries in the background: at once when one is queued, and again when one is due again.
public struct WebhookWorker: Service {
  private let service: FirmwareService
  private let transport: any WebhookTransport

  public init(service: FirmwareService, transport: any WebhookTransport) {
    self.service = service
    self.transport = transport
  }

  public func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled { await service.webhookSignal.wait(upTo: await deliver()) }
    }
  }

  /// - Returns: how long nothing is to be done, in milliseconds.
  private func deliver() async -> Int64 {
    let hour: Int64 = 3_600_000
    do {
      let next = try await service.deliverWebhooks(by: transport)
      try await service.forgetOldDeliveries()
      return next.map { min(max($0.milliseconds - service.clock().milliseconds, 0), hour) } ?? hour
    } catch is CancellationError {
      return 0
    } catch {
      service.log.error("webhooks could not be looked after; tried again in a minute", metadata: ["error": "\(error)"])
      return 60_000
    }
  }
}
