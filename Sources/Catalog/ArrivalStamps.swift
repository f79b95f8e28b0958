import Domain
import Synchronization

/// Numbers that grow with each value that the store takes. Their upper bits are the time of arrival in milliseconds, so that
/// they go on growing after a restart.
final class ArrivalStamps: Sendable {
  private static let perMillisecond: Int64 = 4096
  private let last: Mutex<Int64>

  /// - Parameter last: what was given before a restart, since the clock may have been set back.
  init(after last: Int64) { self.last = Mutex(last) }

  /// A number larger than all before.
  func next(at now: Timestamp) -> Int64 {
    last.withLock { last in
      last = max(last + 1, now.milliseconds.multipliedReportingOverflow(by: Self.perMillisecond).partialValue)
      return last
    }
  }
}
