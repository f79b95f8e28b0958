import Dispatch
import Synchronization

/// Where passwords are hashed: two threads of its own, so that no poll waits for them, and a queue that ends. No account and no
/// address has more than its share of it, so that there are places for everybody else.
final class PasswordWork: Sendable {
  /// Who asks for work.
  enum Asker: Hashable, Sendable {
    /// By e-mail and app, whether there is such an account or not.
    case account([UInt8])
    /// One who is logged in.
    case user(Int64)
    case address(String)
  }

  /// How many are worked on at a time.
  static let workers = 2

  private struct State {
    var idle: [DispatchQueue]
    var waiting: [@Sendable () -> Void] = []
    /// How many pieces of each asker wait or are worked on.
    var taken: [Asker: Int] = [:]
  }

  private let mostWaiting: Int
  private let mostOfAccount: Int
  private let mostOfAddress: Int
  private let state: Mutex<State>
  private let done = Atomic(0)

  init(mostWaiting: Int, mostOfAccount: Int, mostOfAddress: Int) {
    self.mostWaiting = mostWaiting
    self.mostOfAccount = mostOfAccount
    self.mostOfAddress = mostOfAddress
    // Serial queues, since those have threads beside the ones that tasks share.
    let idle = (0..<Self.workers).map { DispatchQueue(label: "firmament.passwords.\($0)") }
    state = Mutex(State(idle: idle))
  }

  /// How many pieces of work were done, for tests.
  var count: Int { done.load(ordering: .sequentiallyConsistent) }

  /// Does a piece of work in its turn.
  /// - Throws: `busy` when too many wait already, or too many of one asker.
  func run<Value: Sendable>(for askers: [Asker], _ work: @escaping @Sendable () -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      let job: @Sendable () -> Void = {
        let value = work()
        self.done.add(1, ordering: .sequentiallyConsistent)
        self.leave(askers)
        continuation.resume(returning: value)
      }
      if !admit(job, for: askers) {
        continuation.resume(throwing: ServiceError(.busy, "too many logins at once: try again in a moment"))
      }
    }
  }

  private func admit(_ job: @escaping @Sendable () -> Void, for askers: [Asker]) -> Bool {
    let (isTaken, worker): (Bool, DispatchQueue?) = state.withLock { state in
      guard askers.allSatisfy({ state.taken[$0, default: 0] < most(of: $0) }),
        !state.idle.isEmpty || state.waiting.count < mostWaiting
      else { return (false, nil) }
      for asker in askers { state.taken[asker, default: 0] += 1 }
      if let worker = state.idle.popLast() { return (true, worker) }
      state.waiting.append(job)
      return (true, nil)
    }
    worker?.async { self.work(job, on: worker) }
    return isTaken
  }

  private func most(of asker: Asker) -> Int {
    switch asker {
    case .account, .user: mostOfAccount
    case .address: mostOfAddress
    }
  }

  private func leave(_ askers: [Asker]) {
    state.withLock { state in
      for asker in askers {
        let left = state.taken[asker, default: 0] - 1
        state.taken[asker] = left > 0 ? left : nil
      }
    }
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
