import GRDB
import Synchronization

/// One writer that groups commits: what waits while a transaction syncs goes together into the next one. A change that is
/// refused takes nothing else with it. A change may be made twice before its outcome is told, and must have no effect outside
/// the database.
final class CommitQueue: Sendable {
  private struct Job: Sendable {
    /// Makes the change; what it returns tells the caller, once the outcome is known.
    let run: @Sendable (Database) throws -> Telling
    let fail: @Sendable (any Error, Database) -> Void
  }

  private typealias Telling = @Sendable ((any Error)?, Database) -> Void

  private struct State {
    var waiting: [Job] = []
    var isRunning = false
  }

  /// The most changes that share a transaction.
  private static let largestGroup = 1000

  private let pool: DatabasePool
  private let state = Mutex(State())

  init(pool: DatabasePool) { self.pool = pool }

  /// Queues a change and waits until it is on the disk.
  /// - Parameter committed: called with the value once it is, in the order of the commits.
  func perform<Value: Sendable>(
    _ change: @escaping @Sendable (Database) throws -> Value, committed: @escaping @Sendable (Value) -> Void = { _ in }
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      enqueue(change) { result, _ in
        if case .success(let value) = result { committed(value) }
        continuation.resume(with: result)
      }
    }
  }

  /// Queues a change: changes are made in the order in which they were queued.
  /// - Parameter done: called once with the outcome, on the writer. After a success it may ask the database, which then is as
  ///   it was committed.
  func enqueue<Value: Sendable>(
    _ change: @escaping @Sendable (Database) throws -> Value,
    done: @escaping @Sendable (Result<Value, any Error>, Database) -> Void
  ) {
    let job = Job(
      run: { db in
        let value = try change(db)
        return { error, db in done(error.map { .failure(CatalogError.from($0)) } ?? .success(value), db) }
      },
      fail: { done(.failure(CatalogError.from($0)), $1) })
    let starts = state.withLock { state in
      state.waiting.append(job)
      defer { state.isRunning = true }
      return !state.isRunning
    }
    if starts { drain() }
  }

  var waitingCount: Int { state.withLock { $0.waiting.count } }

  private func drain() {
    pool.asyncWriteWithoutTransaction { db in
      while let group = self.nextGroup() { Self.commit(group, db) }
    }
  }

  private func nextGroup() -> [Job]? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isRunning = false
        return nil
      }
      let group = Array(state.waiting.prefix(Self.largestGroup))
      state.waiting.removeFirst(group.count)
      return group
    }
  }

  /// Commits a group. Hardly any change is refused, so all of them are made first as if none would be; when one is, everything
  /// is taken back and made again with a savepoint around each.
  private static func commit(_ group: [Job], _ db: Database) {
    var outcomes: [Telling] = []
    outcomes.reserveCapacity(group.count)
    do {
      try db.inTransaction(.immediate) {
        for job in group { outcomes.append(try job.run(db)) }
        return .commit
      }
      for outcome in outcomes { outcome(nil, db) }
    } catch {
      if group.count == 1, let job = group.first { job.fail(error, db) } else { commitOneByOne(group, db) }
    }
  }

  private static func commitOneByOne(_ group: [Job], _ db: Database) {
    var outcomes: [Telling] = []
    var tried = 0
    do {
      try db.inTransaction(.immediate) {
        for job in group {
          tried += 1
          do {
            var outcome: Telling?
            try db.inSavepoint {
              outcome = try job.run(db)
              return .commit
            }
            if let outcome { outcomes.append(outcome) }
          } catch {
            job.fail(error, db)
            // A full disk or a failed write has ended the whole transaction: nobody in the group may think otherwise.
            guard db.isInsideTransaction else { throw error }
          }
        }
        return .commit
      }
    } catch {
      for outcome in outcomes { outcome(error, db) }
      for job in group[tried...] { job.fail(error, db) }
      return
    }
    for outcome in outcomes { outcome(nil, db) }
  }
}
