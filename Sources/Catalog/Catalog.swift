import Dispatch
import GRDB

/// Everything that is a row. Opening it migrates it, so a catalog of an old schema cannot be had.
///
/// Writes are named after intentions, are all-or-nothing, and return once they are durable: the writer runs with
/// `synchronous=FULL` and gathers what waits into one transaction. Queries are grouped in the files beside this one by who
/// asks. No other room knows that there is SQL.
public final class Catalog: Sendable {
  private let pool: DatabasePool
  private let commits: CommitQueue
  let arrivals = ArrivalStamps()
  /// Halts rollouts in the transactions that write failures.
  public let failures = FailureWatch()

  /// Values of many things touch many pages: 16 MiB of them stay at hand, and a page that is written again and again goes from
  /// the log to the file once in 4,000 pages, not in 1,000.
  private static let writerPragmas =
    "PRAGMA synchronous = FULL; PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000"

  /// - Parameter path: the file; created where it is missing.
  public init(path: String) throws {
    var configuration = Configuration()
    configuration.busyMode = .timeout(5)
    configuration.maximumReaderCount = 4
    // No more urgent than what devices wait for: what is not said is given more of the processors, where that is permitted.
    configuration.qos = .default
    do {
      pool = try DatabasePool(path: path, configuration: configuration)
      try Schema.migrator.migrate(pool)
      // GRDB's pool resets this to NORMAL after any earlier hook, so it is set here, where it stays.
      try pool.writeWithoutTransaction { try $0.execute(sql: Self.writerPragmas) }
    } catch {
      throw CatalogError.from(error)
    }
    commits = CommitQueue(pool: pool)
  }

  /// Runs a change in a transaction, together with whatever else waits.
  /// - Returns: once it is on the disk.
  func write<Value: Sendable>(_ change: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    try await commits.perform(change)
  }

  /// The same, and tells of it: `committed` is called on the writer, in the order of the commits, before this returns. It must
  /// not wait.
  func write<Value: Sendable>(
    _ change: @escaping @Sendable (Database) throws -> Value, committed: @escaping @Sendable (Value) -> Void
  ) async throws -> Value {
    try await commits.perform(change, committed: committed)
  }

  /// Queues a change behind those queued before, without waiting for it.
  func enqueue(_ change: @escaping @Sendable (Database) throws -> Void) -> PendingCommit {
    let pending = PendingCommit()
    commits.enqueue(change) { outcome, _ in pending.finish(outcome) }
    return pending
  }

  /// Queues a change behind those queued before. `done` is called on the writer with the outcome, in the order of the changes;
  /// after a success it may ask the database.
  func enqueue<Value: Sendable>(
    _ change: @escaping @Sendable (Database) throws -> Value,
    done: @escaping @Sendable (Result<Value, any Error>, Database) -> Void
  ) { commits.enqueue(change, done: done) }

  /// How many changes wait for their turn.
  var waitingChanges: Int { commits.waitingCount }

  /// Runs queries on one consistent state.
  func read<Value: Sendable>(_ query: @escaping @Sendable (Database) throws -> Value) async throws -> Value {
    do { return try await pool.read(query) } catch { throw CatalogError.from(error) }
  }

  /// The writer's `PRAGMA synchronous`: 2 is FULL.
  func synchronousLevel() async throws -> Int? {
    try await write { try Int.fetchOne($0, sql: "PRAGMA synchronous") }
  }

  /// Checks the file itself: SQLite's integrity check and every foreign key.
  /// - Returns: what is wrong, in words; empty when it is sound.
  public func integrityProblems() async throws -> [String] {
    try await read { db in
      let integrity = try String.fetchAll(db, sql: "PRAGMA integrity_check").filter { $0 != "ok" }
      let orphans = try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").map { row in
        "a row of \(row["table"] as String? ?? "?") points at nothing in \(row["parent"] as String? ?? "?")"
      }
      return integrity + orphans
    }
  }

  /// Writes what the log holds into the file and closes it.
  public func close() throws {
    try? pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
    try pool.close()
  }
}
