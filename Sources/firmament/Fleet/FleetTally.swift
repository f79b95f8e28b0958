import Domain
import Synchronization

/// What a simulated fleet has done so far. It is told from many tasks.
final class FleetTally: Sendable {
  struct Figures: Sendable {
    var activated = 0
    /// Things that have said what they run.
    var began = 0
    var polls = 0
    /// Answers that asked to come again later: 429 and 503.
    var held = 0
    var bytes: Int64 = 0
    var errors = 0
    var gaveUp = 0
    /// Of these, the ones that had said nothing yet.
    var neverBegan = 0
    var silent = 0
    var lastError: String?
    /// How many things came to each end, with one version; a second attempt with the same end counts no more.
    var ends: [InstallationState: Int] = [:]
    /// How many things came to an end of either kind with a version.
    var settled: [String: Int] = [:]
    /// Things that had two polls in a row without an offer.
    var quiet = 0
    /// The longest time that a thing was told to wait, in simulated seconds.
    var longestWait = 0.0
  }

  private let figures = Mutex(Figures())

  var now: Figures { figures.withLock { $0 } }

  func note(_ change: (inout sending Figures) -> Void) { figures.withLock { change(&$0) } }

  func settled(_ end: InstallationState, _ version: String) {
    note {
      $0.ends[end, default: 0] += 1
      $0.settled[version, default: 0] += 1
    }
  }
}

extension FleetTally.Figures {
  /// Things that will never do anything again.
  var gone: Int { gaveUp + silent }

  /// One line for people.
  func line(of count: Int, seconds: Double) -> String {
    let rate = seconds > 0 ? Int(Double(polls) / seconds) : 0
    let ended = [InstallationState.confirmed, .failed, .rolledBack].map { "\(ends[$0, default: 0]) \($0.rawValue)" }
    let trouble = errors == 0 ? "" : ", \(errors) errors (\(lastError ?? ""))"
    return "\(activated) of \(count) things, \(ended.joined(separator: ", ")), \(silent) silent, \(polls) polls (\(rate)/s), "
      + "\(ProgressLine.size(bytes)) downloaded\(trouble)"
  }
}
