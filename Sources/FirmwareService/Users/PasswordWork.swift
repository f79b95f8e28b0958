import Dispatch
import Synchronization

/// Where passwords are hashed: two threads of its own, so that no poll waits for them, and a queue that ends.
final class PasswordWork: Sendable {
  /// How many are worked on at a time.
  static let workers = 2

  private struct State {
    var idle: [DispatchQueue]
    var waiting: [@Sendable () -> Void] = []
  }

  private let mostWaiting: Int
  private let state: Mutex<State>
  private let done = Atomic(0)

  init(mostWaiting: Int) {
    self.mostWaiting = mostWaiting
    // Serial queues, since those have threads beside the ones that tasks share.
    let idle = (0..<Self.workers).map { DispatchQueue(label: "firmament.passwords.\($0)") }
    state = Mutex(State(idle: idle))
  }

  /// How many pieces of work were done, for tests.
  var count: Int { done.load(ordering: .sequentiallyConsistent) }

  /// Does a piece of work in its turn.
  /// - Throws: `busy` when too many wait already.
  func run<Value: Sendable>(_ work: @escaping @Sendable () -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let job: @Sendable () -> Void = {
        let value = work()
        self.done.add(1, ordering: .sequentiallyConsistent)
        continuation.resume(returning: value)
      }
      if !admit(job) {
        continuation.resume(throwing: ServiceError(.busy, "too many logins at once: try again in a moment"))
      }
    }
  }

  private func admit(_ job: @escaping @Sendable () -> Void) -> Bool {
    let (isTaken, worker): (Bool, DispatchQueue?) = state.withLock { state in
      if let worker = state.idle.popLast() { return (true, worker) }
      guard state.waiting.count < mostWaiting else { return (false, nil) }
      state.waiting.append(job)
      return (true, nil)
    }
    worker?.async { self.work(job, on: worker) }
    return isTaken
  }

  private func work(_ first: @Sendable () -> Void, on worker: DispatchQueue?) {
    first()
    while let next = next(or: worker) { next() }
  }

  private func next(or worker: DispatchQueue?) -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard state.waiting.isEmpty else { return state.waiting.removeFirst() }
      if let worker { state.idle.append(worker) }
      return nil
    }
  }
}
