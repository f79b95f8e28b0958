import Glibc
import Logging
import NIOCore
import Synchronization

/// Says that no more connections can be taken, most often because the process may open no more files; once a minute.
final class AcceptFailures: Sendable {
  private static let silence = TimeAmount.minutes(1)

  private let log: Logger
  private let lastTold = Mutex<NIODeadline?>(nil)

  init(log: Logger) { self.log = log }

  /// - Parameter now: on one clock for all calls.
  func tell(_ error: any Error, at now: NIODeadline = .now()) {
    let isTold = lastTold.withLock { lastTold in
      if let last = lastTold, now < last + Self.silence { return true }
      lastTold = now
      return false
    }
    if isTold { return }
    let reason = (error as? IOError).map { String(cString: strerror($0.errnoCode)) } ?? "\(error)"
    log.error(
      "a connection could not be accepted; those that wait are tried again and again, and this is told once a minute",
      metadata: ["reason": "\(reason)"])
  }
}
