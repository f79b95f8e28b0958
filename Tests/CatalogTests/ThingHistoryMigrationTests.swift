import Domain
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("The migration to histories") struct ThingHistoryMigrationTests {
  /// A store as it was before: one thing in the middle of an update, one that was retired and has lost its owner, and one that
  /// never came.
  private func fill(_ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO model (id, name, numericVersions, confirmWithin, createdAt) VALUES (1, 'lamp', 0, 900, 5);
        INSERT INTO mcu (id, modelId, position, name) VALUES (3, 1, 0, 'main');
        INSERT INTO image (digest, size, storedAt) VALUES (printf('%064d', 1), 10, 5);
        INSERT INTO firmware (id, publicId, mcuId, version, sequence, digest, keyId, envelope, format, formatDetails,
          createdAt, registeredAt)
        VALUES (11, 'f11', 3, '1.0', 1, printf('%064d', 1), 'k', x'00', 'raw', '{}', 5, 6),
          (12, 'f12', 3, '2.0', 2, printf('%064d', 1), 'k', x'00', 'raw', '{}', 5, 6);
        INSERT INTO rollout (id, publicId, modelId, plan, state, createdAt, createdBy)
        VALUES (21, 'r21', 1, '{"attempts":1,"minSample":1,"soak":0,"success":0}', 'running', 7, 'op');
        INSERT INTO thing (id, publicId, modelId, createdAt, activatedAt, lastSeenAt, retiredAt)
        VALUES (1, 't1', 1, 10, 20, 90, NULL), (2, 't2', 1, 11, 20, 60, 70), (3, 't3', 1, 12, NULL, NULL, NULL);
        INSERT INTO app (id, name, createdAt) VALUES (1, 'a', 1);
        INSERT INTO appUser (id, publicId, appId, email, passwordHash, settings, grantedResources, grantedThings, createdAt)
        VALUES (1, 'u1', 1, 'a@b', 'p', '{}', '[]', '[]', 1);
        INSERT INTO ownership (thingId, userId, linkedAt, endedAt) VALUES (1, 1, 30, NULL), (2, 1, 31, 65);
        INSERT INTO thingMCU (thingId, mcuId, running, boot, reportedAt, firmwareId)
        VALUES (1, 3, '1.0', 'b', 50, 12), (2, 3, '0.9', NULL, NULL, NULL), (3, 3, NULL, NULL, NULL, NULL);
        INSERT INTO installation (thingId, firmwareId, state, since, code, message, bytesServed, rolloutId)
        VALUES (1, 11, 'confirmed', 50, NULL, NULL, 10, NULL), (1, 12, 'failed', 80, 'E1', 'no room', 10, 21);
        """)
  }

  @Test func `fills in what the rows still know, in the order of time, and goes on from there`() async throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/catalog.sqlite"
    let old = try DatabaseQueue(path: path)
    try Schema.migrator.migrate(old, upTo: "0010 controllers")
    try await old.write { try fill($0) }
    try old.close()

    let catalog = try Catalog(path: path)
    func history(_ thing: Int64) async throws -> [String] {
      try await catalog.events(of: thing, before: nil, limit: 100).reversed().map { event in
        [
          "\(event.number)", "\(event.at.milliseconds)", event.kind.rawValue, event.mcu, event.version, event.state?.rawValue,
          event.rollout, event.code, event.message,
        ].compactMap { $0 }.joined(separator: " ")
      }
    }
    let first = [
      "1 10 created", "2 20 activated", "3 30 linked", "4 50 state main 1.0 confirmed", "5 50 running main 1.0",
      "6 80 state main 2.0 failed r21 E1 no room",
    ]
    #expect(try await history(1) == first)
    #expect(
      try await history(2) == [
        "1 11 created", "2 20 activated", "3 31 linked", "4 60 running main 0.9", "5 65 unlinked", "6 70 retired",
      ])
    #expect(try await history(3) == ["1 12 created"])
    let ids = try await catalog.read { try Int64.fetchAll($0, sql: "SELECT at FROM thingEvent ORDER BY id") }
    #expect(ids == ids.sorted(), "the oldest are at the beginning")

    let change = StandingChange(
      thingID: 1, mcus: [MCUStanding(mcuID: 3, running: "2.0", reportedAt: Timestamp(milliseconds: 100))],
      installations: [Installation(firmwareID: 12, rolloutID: 21, state: .confirmed, since: Timestamp(milliseconds: 100))])
    try await catalog.record([change]).wait()
    #expect(try await history(1) == first + ["7 100 running main 2.0", "8 100 state main 2.0 confirmed r21"])
    #expect(try await catalog.integrityProblems() == [])
    await #expect(throws: CatalogError.self, "two events of a thing have one number") {
      try await catalog.write {
        try $0.execute(sql: "INSERT INTO thingEvent (thingId, number, at, kind) VALUES (1, 8, 1, 'created')")
      }
    }
    try catalog.close()
  }
}
