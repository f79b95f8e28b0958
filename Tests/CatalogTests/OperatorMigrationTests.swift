import Domain
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("The migration to operators with roles") struct OperatorMigrationTests {
  @Test func `makes administrators of those who were there, and keeps what was revoked and audited`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/catalog.sqlite"
    let old = try DatabaseQueue(path: path)
    try Schema.migrator.migrate(old, upTo: "0003 people")
    let (works, ended) = (Data(repeating: 1, count: 32), Data(repeating: 2, count: 32))
    try await old.write { db in
      for (hash, revoked) in [(ended, 7), (works, nil)] as [(Data, Int64?)] {
        try db.execute(
          sql: "INSERT INTO operatorToken (tokenHash, name, createdAt, revokedAt) VALUES (?, 'operator', 5, ?)",
          arguments: [hash, revoked])
      }
      try db.execute(
        sql: "INSERT INTO auditEntry (at, actor, action, subject, details) VALUES (6, 'operator', 'x', 'y', '{\"a\":\"b\"}')")
      try db.execute(
        sql: "INSERT INTO model (name, numericVersions, confirmWithin, createdAt) VALUES ('lamp', 0, 900, 5)")
    }
    try old.close()
    let catalog = try Catalog(path: path)
    let operators = try await catalog.operators()
    #expect(operators.count == 2)
    let person = try #require(operators[Array(works)])
    #expect(person.role == .administrator && person.scope == .all && person.expiresAt == nil && person.revokedAt == nil)
    #expect(operators[Array(ended)]?.revokedAt == Timestamp(milliseconds: 7))
    let entry = try #require(try await catalog.auditEntries(after: nil, limit: 5).first)
    #expect(entry.details == ["a": "b"] && entry.before == nil && entry.after == nil)
    let model = try await catalog.models()[0]
    #expect(!model.fourEyes && model.pollInterval == 300)
    #expect(try await catalog.integrityProblems() == [])
    try catalog.close()
  }

  @Test func `a token from the file ends only what was there before, not what people made`() async throws {
    let test = try await TestCatalog()
    let (first, second, made) = (test.hash(1), test.hash(2), test.hash(3))
    #expect(try await test.catalog.addOperatorToken(hash: first, name: "operator", at: .start))
    _ = try await test.catalog.createOperator(
      hash: made, name: "bob", role: .administrator, scope: .all, expiresAt: nil, at: .start, audit: .deed("operator.create"))
    #expect(try await test.catalog.addOperatorToken(hash: second, name: "operator", at: .start))
    let operators = try await test.catalog.operators()
    #expect(operators[first]?.revokedAt != nil && operators[second]?.revokedAt == nil && operators[made]?.revokedAt == nil)
    await #expect(throws: CatalogError.self) {
      _ = try await test.catalog.createOperator(
        hash: test.hash(4), name: "operator", role: .viewer, scope: .all, expiresAt: nil, at: .start, audit: .deed("x"))
    }
  }
}
