import Domain
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("The migration to device doors") struct DeviceDoorMigrationTests {
  @Test func `gives models that were there the standard door, and their MCUs the standard part`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/catalog.sqlite"
    let old = try DatabaseQueue(path: path)
    try Schema.migrator.migrate(old, upTo: "0006 webhooks")
    try await old.write { db in
      try db.execute(
        sql: """
          INSERT INTO model (name, numericVersions, confirmWithin, createdAt, fourEyes, pollSeconds)
            VALUES ('lamp', 0, 900, 5, 1, 60);
          INSERT INTO mcu (modelId, position, name) VALUES (1, 0, 'main'), (1, 1, 'radio');
          """)
    }
    try old.close()
    let catalog = try Catalog(path: path)
    let model = try #require(try await catalog.models().first)
    #expect(model.deviceDoor == .standard && model.fourEyes && model.pollInterval == 60)
    #expect(model.deviceDoor == DeviceDoor(unknownThings: .accept, versionAttribute: "sw_version", trustsReports: false))
    #expect(model.mcus.map(\.name) == ["main", "radio"] && model.mcus.map(\.part) == ["bApp", "bApp"])
    #expect(try await catalog.gatewayTokens().isEmpty)
    #expect(try await catalog.integrityProblems() == [])
    try catalog.close()
  }

  @Test func `the schema keeps out what a door cannot be, and a second token that lasts`() async throws {
    let test = try await TestCatalog()
    for wrong in ["unknownThings = 'maybe'", "versionAttribute = ''", "trustsReports = 2"] {
      await #expect(throws: (any Error).self) {
        try await test.catalog.write { try $0.execute(sql: "UPDATE model SET \(wrong)") }
      }
    }
    let token = StoredToken(hash: test.hash(1), sealed: [1])
    #expect(try await test.catalog.createGatewayToken(token, of: test.model.id, at: .start, audit: .deed("create")))
    let other = StoredToken(hash: test.hash(2), sealed: [2])
    #expect(try await !test.catalog.createGatewayToken(other, of: test.model.id, at: .start, audit: .deed("create")))
    #expect(try await test.catalog.auditEntries(after: nil, limit: 9).filter { $0.action == "create" }.count == 1)
    #expect(try await test.catalog.gatewayTokens().keys.map { $0 } == [test.hash(1)])
    await #expect(throws: (any Error).self) {
      try await test.catalog.write { db in
        try db.execute(
          sql: "INSERT INTO gatewayToken (tokenHash, modelId, sealedToken, createdAt) VALUES (randomblob(32), 1, x'01', 1)")
      }
    }
  }
}
