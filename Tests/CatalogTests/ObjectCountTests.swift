import Domain
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("The number of a user's objects") struct ObjectCountTests {
  private static let most = 12

  /// The counters of the users, and what a scan finds.
  private func counts(_ catalog: Catalog) async throws -> (kept: [Int], found: [Int]) {
    try await catalog.read { db in
      let found = "SELECT (SELECT COUNT(*) FROM classObject WHERE userId = appUser.id) FROM appUser ORDER BY id"
      return (
        try Int.fetchAll(db, sql: "SELECT objectCount FROM appUser ORDER BY id"), try Int.fetchAll(db, sql: found)
      )
    }
  }

  @Test(arguments: 1...5 as ClosedRange<UInt64>)
  func `is what a scan would find, whatever is created and deleted at once`(seed: UInt64) async throws {
    let test = try await TestCatalog()
    let catalog = test.catalog
    var users: [Int64] = []
    for number: UInt8 in 0..<3 {
      let session = NewSession(hash: test.hash(100 + number), expiresAt: .start.adding(seconds: 10))
      let new = NewUser(publicID: "u\(number)", email: "u\(number)@x", passwordHash: "p")
      guard case .created(let user) = try await catalog.enrol(new, app: "one", isOpen: true, session: session, at: .start)
      else { throw CancellationError() }
      users.append(user.id)
    }
    #expect(try await counts(catalog).kept == [0, 0, 0])
    var random = SeededGenerator(seed: seed)
    var outcomes: Set<ObjectOutcome> = []
    for _ in 0..<20 {
      // Several at a time share a transaction.
      let deeds = (0..<20).map { _ in
        let collection = ClassCollection(
          userID: users.randomElement(using: &random)!, name: Bool.random(using: &random) ? "a" : "b")
        return (
          collection: collection, key: "\(Int.random(in: 0..<10, using: &random))", kind: Int.random(in: 0..<10, using: &random)
        )
      }
      outcomes.formUnion(
        try await withThrowingTaskGroup(of: ObjectOutcome?.self) { group in
          for (collection, key, kind) in deeds {
            group.addTask {
              switch kind {
              case ..<7:
                return try await catalog.createObject(key, "{}", in: collection, most: Self.most, at: .start) { _ in }
              case ..<9: _ = try await catalog.deleteObjects(key, in: collection) { _ in }
              default: _ = try await catalog.deleteObjects(nil, in: collection) { _ in }
              }
              return nil
            }
          }
          var all: Set<ObjectOutcome> = []
          for try await outcome in group { if let outcome { all.insert(outcome) } }
          return all
        })
      let (kept, found) = try await counts(catalog)
      #expect(kept == found && kept.allSatisfy { $0 <= Self.most })
    }
    #expect(outcomes == [.made, .exists, .tooMany])
  }
}
