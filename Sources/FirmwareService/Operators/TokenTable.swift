import Synchronization

/// Whom tokens belong to, by their hashes, in memory, replaced as a whole after each change.
final class TokenTable<Owner: Sendable>: Sendable {
  private struct State: Sendable {
    var owners: [[UInt8]: Owner] = [:]
    var readings = 0
    var newestReading = 0
  }

  private let state = Mutex(State())

  subscript(hash: [UInt8]) -> Owner? { state.withLock { $0.owners[hash] } }

  /// Announces a reading of the catalog that begins now.
  func beginReading() -> Int {
    state.withLock { state in
      state.readings += 1
      return state.readings
    }
  }

  /// Takes what a reading gave, unless one that began later has been taken: or a token that was just ended could come back.
  /// - Returns: what there was before; nil where the reading was not taken.
  @discardableResult func replace(reading: Int, _ owners: [[UInt8]: Owner]) -> [[UInt8]: Owner]? {
    state.withLock { state in
      guard reading > state.newestReading else { return nil }
      defer { (state.newestReading, state.owners) = (reading, owners) }
      return state.owners
    }
  }
}
