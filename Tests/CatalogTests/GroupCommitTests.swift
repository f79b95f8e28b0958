import Domain
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Catalog

@Suite("Changes that share a commit") struct GroupCommitTests {
  private struct Refused: Error, Equatable {}

  /// Counts commits of the connection that it observes.
  private final class CommitCounter: TransactionObserver, Sendable {
    private let commits = Mutex(0)
    var count: Int { commits.withLock { $0 } }
    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { false }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidCommit(_ db: Database) { commits.withLock { $0 += 1 } }
    func databaseDidRollback(_ db: Database) {}
  }

  /// A catalog with a table of numbers, and a writer that does nothing until it is let go.
  private func prepare() async throws -> (test: TestCatalog, gate: DispatchSemaphore, held: PendingCommit) {
    let test = try await TestCatalog()
    try await test.catalog.write { try $0.execute(sql: "CREATE TABLE number (id INTEGER PRIMARY KEY, value INTEGER UNIQUE)") }
    let gate = DispatchSemaphore(value: 0)
    let entered = DispatchSemaphore(value: 0)
    let held = test.catalog.enqueue { _ in
      entered.signal()
      gate.wait()
    }
    await withCheckedContinuation { continuation in
      DispatchQueue.global().async {
        entered.wait()
        continuation.resume()
      }
    }
    return (test, gate, held)
  }

  private func numbers(_ test: TestCatalog) async throws -> [Int] {
    try await test.catalog.read { try Int.fetchAll($0, sql: "SELECT value FROM number ORDER BY id") }
  }

  private static func insert(_ number: Int, _ db: Database) throws {
    try db.execute(sql: "INSERT INTO number (value) VALUES (?)", arguments: [number])
  }

  @Test func `what waits is made in order and in one commit`() async throws {
    let (test, gate, held) = try await prepare()
    let counter = CommitCounter()
    let observing = test.catalog.enqueue { $0.add(transactionObserver: counter, extent: .databaseLifetime) }
    let pending = (0..<500).map { number in test.catalog.enqueue { try Self.insert(number, $0) } }
    gate.signal()
    for commit in [held, observing] + pending { try await commit.wait() }
    #expect(try await numbers(test) == Array(0..<500))
    #expect(counter.count == 1)
  }

  @Test func `a failed change takes nothing else with it, nor leaves anything of itself`() async throws {
    let (test, gate, held) = try await prepare()
    let pending = (0..<300).map { number in
      test.catalog.enqueue { db in
        try Self.insert(number, db)
        switch number % 5 {
        case 1: throw Refused()
        case 3: try Self.insert(0, db)
        default: break
        }
      }
    }
    gate.signal()
    try await held.wait()
    var kept: [Int] = []
    for (number, commit) in pending.enumerated() {
      do {
        try await commit.wait()
        kept.append(number)
        #expect(number % 5 != 1 && number % 5 != 3)
      } catch let error as CatalogError {
        #expect(number % 5 == 3 && error.code == .exists)
      } catch {
        #expect(number % 5 == 1 && error is Refused)
      }
    }
    #expect(kept.count == 180)
    #expect(try await numbers(test) == kept)
  }

  @Test func `many writers at once keep exactly what succeeded`() async throws {
    let test = try await TestCatalog()
    try await test.catalog.write { try $0.execute(sql: "CREATE TABLE number (id INTEGER PRIMARY KEY, value INTEGER UNIQUE)") }
    let kept = await withTaskGroup(of: Int?.self) { group in
      for number in 0..<1000 {
        group.addTask {
          do {
            return try await test.catalog.write { db in
              try Self.insert(number, db)
              guard number % 7 != 0 else { throw Refused() }
              return number
            }
          } catch { return nil }
        }
      }
      return await group.reduce(into: Set<Int>()) { kept, number in if let number { kept.insert(number) } }
    }
    #expect(kept == Set((0..<1000).filter { $0 % 7 != 0 }))
    #expect(Set(try await numbers(test)) == kept)
  }

  @Test func `a change that ends the transaction fails the whole group, and nobody is told otherwise`() async throws {
    let (test, gate, held) = try await prepare()
    let before = (0..<5).map { number in test.catalog.enqueue { try Self.insert(number, $0) } }
    let ending = test.catalog.enqueue { db in
      try db.execute(sql: "ROLLBACK")
      throw Refused()
    }
    let after = (10..<15).map { number in test.catalog.enqueue { try Self.insert(number, $0) } }
    gate.signal()
    try await held.wait()
    for commit in before + [ending] + after {
      await #expect(throws: (any Error).self) { try await commit.wait() }
    }
    #expect(try await numbers(test) == [])
    try await test.catalog.write { try Self.insert(99, $0) }
    #expect(try await numbers(test) == [99], "the queue goes on")
  }

  @Test func `a full disk fails the change as that, and what was told to be kept is kept`() async throws {
    let (test, gate, held) = try await prepare()
    try await test.catalog.read { _ in }
    let limit = test.catalog.enqueue { db in
      let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      try db.execute(sql: "PRAGMA max_page_count = \(pages + 4)")
      try db.execute(sql: "CREATE TABLE blob (value BLOB)")
    }
    let pending = (0..<40).map { number in
      test.catalog.enqueue { db in
        try Self.insert(number, db)
        if number % 10 == 5 { try db.execute(sql: "INSERT INTO blob VALUES (zeroblob(1000000))") }
      }
    }
    gate.signal()
    try await held.wait()
    try? await limit.wait()
    var kept: [Int] = []
    var full = 0
    for (number, commit) in pending.enumerated() {
      do {
        try await commit.wait()
        kept.append(number)
      } catch {
        if (error as? CatalogError)?.code == .diskFull { full += 1 }
      }
    }
    #expect(full >= 4)
    #expect(try await numbers(test) == kept)
    #expect(try await test.catalog.integrityProblems() == [])
    try await test.catalog.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    try await test.catalog.write { try Self.insert(1000, $0) }
    #expect(try await numbers(test) == kept + [1000])
  }

  @Test func `a commit that is done before anyone waits is still told`() async throws {
    let test = try await TestCatalog()
    let good = test.catalog.enqueue { _ in }
    let bad = test.catalog.enqueue { _ in throw Refused() }
    _ = try await test.catalog.synchronousLevel()
    try await good.wait()
    await #expect(throws: Refused.self) { try await bad.wait() }
  }
}
