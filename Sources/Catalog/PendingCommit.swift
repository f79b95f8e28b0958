import Synchronization

/// A change that is queued and will be made in its turn. Queueing does not wait, so it may be done under a lock that gives
/// changes their order; waiting for the disk is done afterwards.
public final class PendingCommit: Sendable {
  private enum State {
    case pending([@Sendable (Result<Void, any Error>) -> Void])
    case done(Result<Void, any Error>)
  }

  private let state = Mutex(State.pending([]))

  init() {}

  func finish(_ result: Result<Void, any Error>) {
    let waiting: [@Sendable (Result<Void, any Error>) -> Void] = state.withLock { state in
      defer { state = .done(result) }
      if case .pending(let waiting) = state { return waiting }
      return []
    }
    for tell in waiting { tell(result) }
  }

  /// Whether the outcome is known.
  public var isDone: Bool {
    state.withLock { state in
      if case .done = state { return true }
      return false
    }
  }

  /// Calls back once the change is on the disk, or with the `CatalogError` for which nothing of it was made: on the writer,
  /// where nothing may wait, or at once where the outcome is known already.
  public func whenDone(_ tell: @escaping @Sendable (Result<Void, any Error>) -> Void) {
    let result: Result<Void, any Error>? = state.withLock { state in
      switch state {
      case .done(let result): return result
      case .pending(let waiting):
        state = .pending(waiting + [tell])
        return nil
      }
    }
    if let result { tell(result) }
  }

  /// Returns once the change is on the disk.
  /// - Throws: `CatalogError` when it could not be made; then nothing of it was.
  public func wait() async throws {
    try await withCheckedThrowingContinuation { continuation in whenDone { continuation.resume(with: $0) } }
  }
}
