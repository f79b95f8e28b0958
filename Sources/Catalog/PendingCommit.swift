import Synchronization

/// A change that is queued and will be made in its turn. Queueing does not wait, so it may be done under a lock that gives
/// changes their order; waiting for the disk is done afterwards.
public final class PendingCommit: Sendable {
  private enum State {
    case pending([CheckedContinuation<Void, any Error>])
    case done(Result<Void, any Error>)
  }

  private let state = Mutex(State.pending([]))

  init() {}

  func finish(_ result: Result<Void, any Error>) {
    let waiting: [CheckedContinuation<Void, any Error>] = state.withLock { state in
      defer { state = .done(result) }
      if case .pending(let waiting) = state { return waiting }
      return []
    }
    for continuation in waiting { continuation.resume(with: result) }
  }

  /// Whether the outcome is known.
  public var isDone: Bool {
    state.withLock { state in
      if case .done = state { return true }
      return false
    }
  }

  /// Returns once the change is on the disk.
  /// - Throws: `CatalogError` when it could not be made; then nothing of it was.
  public func wait() async throws {
    try await withCheckedThrowingContinuation { continuation in
      let result: Result<Void, any Error>? = state.withLock { state in
        switch state {
        case .done(let result): return result
        case .pending(let waiting):
          state = .pending(waiting + [continuation])
          return nil
        }
      }
      if let result { continuation.resume(with: result) }
    }
  }
}
