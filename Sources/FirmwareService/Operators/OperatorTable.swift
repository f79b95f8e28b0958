import Domain
import Synchronization

/// The operators by the hashes of their tokens, in memory, replaced as a whole after each change.
final class OperatorTable: Sendable {
  private struct State: Sendable {
    var operators: [[UInt8]: Operator] = [:]
    var readings = 0
    var newestReading = 0
  }

  private let state = Mutex(State())

  subscript(hash: [UInt8]) -> Operator? { state.withLock { $0.operators[hash] } }

  /// Announces a reading of the catalog that begins now.
  func beginReading() -> Int {
    state.withLock { state in
      state.readings += 1
      return state.readings
    }
  }

  /// Takes what a reading gave, unless one that began later has been taken: or a token that was just revoked could come back.
  /// - Returns: the hashes of the tokens that worked before and were revoked since.
  func replace(reading: Int, _ operators: [[UInt8]: Operator]) -> [[UInt8]] {
    state.withLock { state in
      guard reading > state.newestReading else { return [] }
      let before = state.operators
      state.newestReading = reading
      state.operators = operators
      return before.compactMap { hash, known in
        known.revokedAt == nil && operators[hash].map { $0.revokedAt != nil } ?? true ? hash : nil
      }
    }
  }
}
