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

  /// Does a work a part at a time until there is no more of it, so that writes come in between, or until the service stops.
  /// - Parameters:
  ///   - most: what one part has at most.
  ///   - part: returns how much it has done; less than `most` when that was the rest.
  /// - Returns: how much was done.
  @discardableResult
  func inParts(of most: Int, _ part: (Int) async throws -> Int) async throws -> Int {
    var done = 0
    var last = most
    while last == most, !Task.isCancelled {
      last = try await part(most)
      done += last
    }
    return done
  }
}
