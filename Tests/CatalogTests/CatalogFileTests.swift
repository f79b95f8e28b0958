import Domain
import Foundation
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("The catalog's file") struct CatalogFileTests {
  @Test func `what is written is on the disk: synchronous is FULL after opening, writing and opening again`() async throws {
    let test = try await TestCatalog()
    #expect(try await test.catalog.synchronousLevel() == 2)
    try await test.createThing(1)
    #expect(try await test.catalog.synchronousLevel() == 2)
    try test.catalog.close()
    let again = try Catalog(path: test.path)
    #expect(try await again.synchronousLevel() == 2)
    try again.close()
  }

  @Test func `it is a write-ahead log with enforced foreign keys`() async throws {
    let test = try await TestCatalog()
    #expect(try await test.catalog.write { try String.fetchOne($0, sql: "PRAGMA journal_mode") } == "wal")
    #expect(try await test.catalog.write { try Int.fetchOne($0, sql: "PRAGMA foreign_keys") } == 1)
    await #expect(throws: CatalogError.self) {
      try await test.catalog.write { db in
        try db.execute(sql: "INSERT INTO mcu (modelId, position, name) VALUES (999, 0, 'nobody')")
      }
    }
    #expect(try await test.catalog.models().count == 1)
    #expect(try await test.catalog.models()[0].mcus.map(\.name) == ["main", "radio"])
  }

  @Test func `an empty file becomes a catalog, and opening it again changes nothing`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/catalog.sqlite"
    #expect(FileManager.default.createFile(atPath: path, contents: Data()))
    func schema(_ catalog: Catalog) async throws -> [String] {
      try await catalog.read { db in
        try String.fetchAll(db, sql: "SELECT name || coalesce(sql, '') FROM sqlite_master ORDER BY name")
          + String.fetchAll(db, sql: "SELECT identifier FROM grdb_migrations")
      }
    }
    let first = try Catalog(path: path)
    let made = try await schema(first)
    #expect(made.last == "0013 thing history")
    #expect(try await first.integrityProblems() == [])
    try first.close()
    let second = try Catalog(path: path)
    #expect(try await schema(second) == made)
    try second.close()
  }

  @Test func `everything is there after closing and opening`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    try await test.register(test.firmware("1.0", sequence: 1), publish: true)
    let standing = try await test.catalog.standing(of: thing.id)
    let firmwares = try await test.catalog.firmwares()
    try test.catalog.close()
    let again = try Catalog(path: test.path)
    #expect(try await again.models() == [test.model])
    #expect(try await again.thing(publicID: "thing-1") == thing)
    #expect(try await again.standing(of: thing.id) == standing)
    #expect(try await again.firmwares() == firmwares && firmwares.count == 1)
    #expect(try await again.owner(ofToken: test.hash(1))?.standing.thingID == thing.id)
    try again.close()
  }

  @Test func `what is no database is refused, and left as it is`() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/catalog.sqlite"
    let bytes = Data(repeating: 0x2A, count: 8192)
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(throws: CatalogError.self) { _ = try Catalog(path: path) }
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == bytes)
    #expect(throws: CatalogError.self) { _ = try Catalog(path: "\(folder.path)/no/such/folder/catalog.sqlite") }
  }

  @Test func `rows that point at nothing are found`() async throws {
    let test = try await TestCatalog()
    #expect(try await test.catalog.integrityProblems() == [])
    try await test.createThing(1)
    try test.catalog.close()
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let raw = try DatabaseQueue(path: test.path, configuration: configuration)
    try await raw.write { try $0.execute(sql: "DELETE FROM model") }
    try raw.close()
    let again = try Catalog(path: test.path)
    let problems = try await again.integrityProblems()
    #expect(problems.contains("a row of thing points at nothing in model"))
    try again.close()
  }
}
