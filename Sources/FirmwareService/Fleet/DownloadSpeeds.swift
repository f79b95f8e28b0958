import Domain
import Synchronization

/// How many bytes a second the things of each rollout download now.
final class DownloadSpeeds: Sendable {
  /// Seconds over which the bytes are averaged.
  private static let span: Int64 = 10

  private struct Window {
    var second: Int64 = 0
    /// Bytes in each of the last seconds, by the second's remainder.
    var bytes = [Int64](repeating: 0, count: Int(span))

    mutating func move(to now: Int64) {
      let passed = now - second
      guard passed > 0 else { return }
      for step in 1...min(passed, span) { bytes[Int((second + step) % span)] = 0 }
      second = now
    }
  }

  private let windows = Mutex<[Int64: Window]>([:])

  func add(_ count: Int64, to rolloutID: Int64, at now: Timestamp) {
    windows.withLock { windows in
      windows[rolloutID, default: Window()].move(to: now.seconds)
      windows[rolloutID, default: Window()].bytes[Int(now.seconds % Self.span)] += count
    }
  }

  func bytesPerSecond(of rolloutID: Int64, at now: Timestamp) -> Int64 {
    windows.withLock { windows in
      guard windows[rolloutID] != nil else { return 0 }
      windows[rolloutID]?.move(to: now.seconds)
      return (windows[rolloutID]?.bytes.reduce(0, +) ?? 0) / Self.span
    }
  }
}
