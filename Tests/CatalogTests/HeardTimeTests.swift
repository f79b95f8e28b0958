import Domain
import GRDB
import Synchronization
import Testing

@testable import Catalog

@Suite("When things were heard of, in the catalog") struct HeardTimeTests {
  private struct Refused: Error {}

  /// Rows of things, as many as a fleet has of which nobody minds the tokens.
  private func things(_ count: Int, _ test: TestCatalog) async throws -> [Int64] {
    let modelID = test.model.id
    return try await test.catalog.write { db in
      try (1...count).map { number in
        try db.execute(
          sql: "INSERT INTO thing (publicId, modelId, createdAt, activatedAt) VALUES (?, ?, 0, 0)",
          arguments: ["thing-\(number)", modelID])
        return db.lastInsertedRowID
      }
    }
  }

  private func times(_ test: TestCatalog) async throws -> [Int64: Int64] {
    try await test.catalog.read { db in
      let rows = try Row.fetchAll(db, sql: "SELECT id, lastSeenAt FROM thing WHERE lastSeenAt IS NOT NULL")
      return Dictionary(uniqueKeysWithValues: rows.map { ($0["id"], $0["lastSeenAt"]) })
    }
  }

  @Test func `each thing gets its own time, and what is not known stays as it is`() async throws {
    let test = try await TestCatalog()
    let things = try await things(700, test)
    try await test.hear([things[0], things[1]], at: .start)
    let asked = Mutex<[[Int64]]>([])
    try await test.catalog.recordHeard(things + [things[699] + 1]) { part in
      asked.withLock { $0.append(Array(part)) }
      return part.filter { $0 % 2 == 1 }.map { HeardTime(thingID: $0, at: Timestamp(milliseconds: $0 * 1000)) }
    }.wait()
    var expected = Dictionary(uniqueKeysWithValues: things.filter { $0 % 2 == 1 }.map { ($0, $0 * 1000) })
    let before = try #require(things.prefix(2).first { $0 % 2 == 0 })
    expected[before] = Timestamp.start.milliseconds
    #expect(try await times(test) == expected)
    let parts = asked.withLock { $0 }
    #expect(parts.flatMap { $0 } == things + [things[699] + 1] && parts.allSatisfy { $0.count <= 256 })
  }

  @Test func `with none to write is fine, and behind all that was queued before`() async throws {
    let test = try await TestCatalog()
    let things = try await things(1, test)
    try await test.catalog.recordHeard([]) { _ in [] }.wait()
    try await test.catalog.recordHeard(things) { _ in [] }.wait()
    #expect(try await times(test) == [:])
  }

  @Test func `the times are asked for again where a change beside them is refused`() async throws {
    let test = try await TestCatalog()
    let things = try await things(3, test)
    let gate = Mutex(0)
    // All three are queued before the first of them is made: they share a transaction.
    let pending = try await test.catalog.write { [catalog = test.catalog] _ in
      let heard = catalog.recordHeard(things) { part in
        let time = gate.withLock { asked in
          asked += 1
          return Timestamp(milliseconds: Int64(asked))
        }
        return part.map { HeardTime(thingID: $0, at: time) }
      }
      return (heard, catalog.enqueue { _ in throw Refused() })
    }
    try await pending.0.wait()
    await #expect(throws: (any Error).self) { try await pending.1.wait() }
    #expect(try await times(test) == Dictionary(uniqueKeysWithValues: things.map { ($0, 2) }))
  }
}
