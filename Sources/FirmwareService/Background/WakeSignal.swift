import Synchronization

/// Wakes the one task that delivers what is queued. A call that comes while nobody waits is kept, and several are one.
final class WakeSignal: Sendable {
  private struct State {
    var isRaised = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  func raise() {
    let waiter = state.withLock { state in
      defer { state.waiter = nil }
      state.isRaised = state.waiter == nil
      return state.waiter
    }
    waiter?.resume()
  }

  /// Returns once the signal was raised since the last time, or when the task is cancelled.
  func wait() async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let goesOn = state.withLock { state in
          guard !state.isRaised, !Task.isCancelled else {
            state.isRaised = false
            return true
          }
          state.waiter = continuation
          return false
        }
        if goesOn { continuation.resume() }
      }
    } onCancel: {
      raise()
    }
  }

  /// The same, but no longer than that.
  func wait(upTo milliseconds: Int64) async {
    let timer = Task {
      try await Task.sleep(for: .milliseconds(milliseconds))
      raise()
    }
    await wait()
    timer.cancel()
  }
}
