import Catalog
import Synchronization

/// The gateway tokens of models by their hashes, in memory, replaced as a whole after each change.
final class GatewayTable: Sendable {
  private struct State: Sendable {
    var owners: [[UInt8]: GatewayTokenOwner] = [:]
    var readings = 0
    var newestReading = 0
  }

  private let state = Mutex(State())

  subscript(hash: [UInt8]) -> GatewayTokenOwner? { state.withLock { $0.owners[hash] } }

  /// Announces a reading of the catalog that begins now.
  func beginReading() -> Int {
    state.withLock { state in
      state.readings += 1
      return state.readings
    }
  }

  /// Takes what a reading gave, unless one that began later has been taken: or a token that was just ended could come back.
  func replace(reading: Int, _ owners: [[UInt8]: GatewayTokenOwner]) {
    state.withLock { state in
      guard reading > state.newestReading else { return }
      state.newestReading = reading
      state.owners = owners
    }
  }
}
