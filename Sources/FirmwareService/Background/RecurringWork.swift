import Logging
import ServiceLifecycle

extension FirmwareService {
  /// Does a work at once, and then again and again until the service stops. What has failed is logged, and tried again the next
  /// time.
  /// - Parameters:
  ///   - interval: real time between the end of one and the beginning of the next.
  ///   - complaint: what the log says of a failure.
  func recur(
    every interval: Duration, complaint: Logger.Message, _ work: @escaping @Sendable () async throws -> Void
  ) async {
    try? await cancelWhenGracefulShutdown { [log] in
      while !Task.isCancelled {
        do { try await work() } catch is CancellationError {
          // The service stops.
        } catch {
          log.error(complaint, metadata: ["error": "\(error)"])
        }
        try await Task.sleep(for: interval)
      }
    }
  }
}
