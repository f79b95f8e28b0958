import Domain
import Synchronization

/// Numbers that grow with each value that the store takes. Their upper bits are the time of arrival in milliseconds, so that
/// they go on growing after a restart, unless the clock was set back.
final class ArrivalStamps: Sendable {
  private static let perMillisecond: Int64 = 4096
  private let last = Mutex<Int64>(0)

  /// A number larger than all before.
  func next(at now: Timestamp) -> Int64 {
    last.withLock { last in
      last = max(last + 1, now.milliseconds.multipliedReportingOverflow(by: Self.perMillisecond).partialValue)
      return last
    }
  }
}
