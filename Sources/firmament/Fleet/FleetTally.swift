import Domain
import Synchronization

/// What a simulated fleet has done so far. It is told from many tasks.
final class FleetTally: Sendable {
  struct Figures: Sendable {
    var activated = 0
    var polls = 0
    var bytes: Int64 = 0
    var errors = 0
    var gaveUp = 0
    var lastError: String?
    /// How many installs came to each end.
    var ends: [InstallationState: Int] = [:]
    /// How many installs of a version came to an end of either kind.
    var settled: [String: Int] = [:]
  }

  private let figures = Mutex(Figures())

  var now: Figures { figures.withLock { $0 } }

  func activated() { figures.withLock { $0.activated += 1 } }

  func add(polls: Int = 0, bytes: Int64 = 0) {
    figures.withLock {
      $0.polls += polls
      $0.bytes += bytes
    }
  }

  func settled(_ end: InstallationState, _ version: String) {
    figures.withLock {
      $0.ends[end, default: 0] += 1
      $0.settled[version, default: 0] += 1
    }
  }

  func failed(_ error: String, gaveUp: Bool) {
    figures.withLock {
      $0.errors += 1
      $0.gaveUp += gaveUp ? 1 : 0
      $0.lastError = error
    }
  }
}

extension FleetTally.Figures {
  /// One line for people.
  func line(of count: Int, seconds: Double) -> String {
    let rate = seconds > 0 ? Int(Double(polls) / seconds) : 0
    let ended = [InstallationState.confirmed, .failed, .rolledBack].map { "\(ends[$0, default: 0]) \($0.rawValue)" }
    let trouble = errors == 0 ? "" : ", \(errors) errors (\(lastError ?? ""))"
    return "\(activated) of \(count) things, \(ended.joined(separator: ", ")), \(polls) polls (\(rate)/s), "
      + "\(ProgressLine.size(bytes)) downloaded\(trouble)"
  }
}
