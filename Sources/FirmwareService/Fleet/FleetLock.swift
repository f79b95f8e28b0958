import Glibc

/// What is held under a lock that many threads take for some microseconds each, more of them than there are processors.
///
/// `Synchronization.Mutex` hands itself to the thread that waits longest, which may have to wait for a processor first, and all
/// behind it too. This one is free as soon as it is let go: whoever runs then takes it.
final class FleetLock<State: ~Copyable>: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let state = UnsafeMutablePointer<State>.allocate(capacity: 1)

  init(_ initial: consuming State) {
    state.initialize(to: initial)
    mutex.initialize(to: pthread_mutex_t())
    let problem = pthread_mutex_init(mutex, nil)
    precondition(problem == 0, "a lock cannot be made: \(problem)")
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
    state.deinitialize(count: 1)
    state.deallocate()
  }

  func withLock<Result, Failure: Error>(_ body: (inout State) throws(Failure) -> Result) throws(Failure) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body(&state.pointee)
  }
}
