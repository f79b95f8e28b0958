import Domain
import Synchronization

/// Whether the counts of rollouts have moved since they were last looked at: those who watch are told then.
final class CountChanges: Sendable {
  private let last = Mutex<[Int64: [RolloutCount]]>([:])

  func hasMoved(_ rolloutID: Int64, _ counts: [RolloutCount]) -> Bool {
    last.withLock { last in
      guard last[rolloutID] != counts else { return false }
      last[rolloutID] = counts
      return true
    }
  }
}
