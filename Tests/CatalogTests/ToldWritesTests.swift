import Domain
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Catalog

/// When listeners are told of a write, and which of them.
@Suite("A write is told") struct ToldWritesTests {
  private struct Refused: Error {}

  /// What was told, in order.
  private final class Told: Sendable {
    private let entries = Mutex<[String]>([])
    var all: [String] { entries.withLock { $0 } }
    func add(_ entry: String) { entries.withLock { $0.append(entry) } }
  }

  private func batch(
    _ value: String, _ thing: Thing, to users: [Int64] = [], told: @escaping @Sendable ([Int64]) -> Void
  ) -> ResourceBatch {
    ResourceBatch(
      thingID: thing.id, changes: [.append(StoredValue(key: "t", value: value, datetime: .start))], arrivedAt: .start,
      committed: { whoSee in told(users.isEmpty ? [] : users.filter(whoSee("t").contains)) })
  }

  /// Keeps the writer busy: what is queued until the gate opens goes into one transaction.
  private func hold(_ catalog: Catalog, until gate: DispatchSemaphore) async -> PendingCommit {
    await withCheckedContinuation { continuation in
      let entered = DispatchSemaphore(value: 0)
      let pending = catalog.enqueue { _ in
        entered.signal()
        gate.wait()
      }
      DispatchQueue.global().async {
        entered.wait()
        continuation.resume(returning: pending)
      }
    }
  }

  @Test func `once it is on the disk, in the order of the commits`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    let (told, path) = (Told(), test.path)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        group.addTask {
          let batch = batch("\(number)", thing) { _ in
            // Through a connection of its own, which sees only what was committed.
            let other = try? DatabaseQueue(path: path)
            let isThere = try? other?.read {
              try Bool.fetchOne($0, sql: "SELECT 1 FROM resourceValue WHERE value = ?", arguments: ["\(number)"])
            }
            told.add(isThere == true ? "\(number)" : "\(number) is not there")
          }
          try await test.catalog.record([], batch).wait()
        }
      }
      try await group.waitForAll()
    }
    let stored = try #require(try await test.catalog.values(of: "t", thingID: thing.id, in: .newest(500), largest: .max))
    #expect(told.all.count == 200 && told.all == stored.reversed().map(\.value))
  }

  @Test func `never where it or the whole transaction failed`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    let told = Told()
    @Sendable func record(_ value: String, _ thing: Thing) -> PendingCommit {
      test.catalog.record([], batch(value, thing) { _ in told.add(value) })
    }
    let gate = DispatchSemaphore(value: 0)
    let first = await hold(test.catalog, until: gate)
    let unknown = Thing(
      id: 4711, publicID: "x", modelID: thing.modelID, createdAt: .start, activatedAt: nil, lastSeenAt: nil, retiredAt: nil)
    let pending = [record("1", thing), record("2", unknown), record("3", thing)]
    gate.signal()
    try await first.wait()
    try await pending[0].wait()
    await #expect(throws: (any Error).self) { try await pending[1].wait() }
    try await pending[2].wait()
    #expect(told.all == ["1", "3"])

    let second = await hold(test.catalog, until: gate)
    let ending = [
      record("4", thing),
      test.catalog.enqueue { db in
        try db.execute(sql: "ROLLBACK")
        throw Refused()
      }, record("5", thing),
    ]
    gate.signal()
    try await second.wait()
    for commit in ending { await #expect(throws: (any Error).self) { try await commit.wait() } }
    #expect(told.all == ["1", "3"], "what is not on the disk is told to nobody")
    try await record("6", thing).wait()
    #expect(told.all == ["1", "3", "6"])
    #expect(
      try await test.catalog.values(of: "t", thingID: thing.id, in: .newest(9), largest: .max)?.map(\.value) == ["6", "3", "1"])
  }

  @Test func `to those who saw the thing when it was committed`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    let new = NewUser(publicID: "u", email: "a@b", passwordHash: "p")
    let session = NewSession(hash: test.hash(9), expiresAt: .start.adding(seconds: 10))
    guard case .created(let user) = try await test.catalog.enrol(new, app: "one", isOpen: true, session: session, at: .start)
    else { throw CancellationError() }
    let told = Told()
    func record(_ value: String) -> PendingCommit {
      test.catalog.record([], batch(value, thing, to: [user.id, 99]) { users in told.add("\(value) \(users)") })
    }
    try await record("1").wait()
    _ = try await test.catalog.link(thing.id, to: user.id, needsAllowance: false, at: .start)
    try await record("2").wait()
    #expect(try await test.catalog.unlink(thing.id, from: user.id, at: .start))
    try await record("3").wait()
    #expect(told.all == ["1 []", "2 [\(user.id)]", "3 []"])
  }

  @Test func `to nobody who came to own the thing only behind it, in the same commit`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    var users: [Int64] = []
    for (number, name) in ["ada", "bob"].enumerated() {
      let session = NewSession(hash: test.hash(UInt8(9 + number)), expiresAt: .start.adding(seconds: 10))
      let new = NewUser(publicID: name, email: "\(name)@b", passwordHash: "p")
      guard case .created(let user) = try await test.catalog.enrol(new, app: "one", isOpen: true, session: session, at: .start)
      else { throw CancellationError() }
      users.append(user.id)
    }
    let (ada, bob) = (users[0], users[1])
    _ = try await test.catalog.link(thing.id, to: ada, needsAllowance: false, at: .start)
    #expect(try await test.catalog.unlink(thing.id, from: ada, at: .start))
    let (told, gate) = (Told(), DispatchSemaphore(value: 0))
    let held = await hold(test.catalog, until: gate)
    let catalog = test.catalog
    func record(_ value: String) -> PendingCommit {
      catalog.record([], batch(value, thing, to: [ada, bob]) { users in told.add("\(value) \(users)") })
    }
    let first = record("1")
    async let link = catalog.link(thing.id, to: bob, needsAllowance: false, at: .start)
    while catalog.waitingChanges < 2 { try await Task.sleep(for: .milliseconds(2)) }
    let second = record("2")
    gate.signal()
    try await held.wait()
    try await first.wait()
    try await second.wait()
    #expect(try await link == .linked)
    #expect(told.all == ["1 []", "2 [\(bob)]"])
  }
}
