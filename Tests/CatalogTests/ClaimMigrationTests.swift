import Domain
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("The migration to claims") struct ClaimMigrationTests {
  /// What hangs on both tables, and what their columns are.
  private struct Shape: Equatable {
    let texts: [String: String]
    let columns: [String]
  }

  private static let statesBefore = DeliveryState.allCases.filter { $0 != .claimed }

  private func shape(_ db: Database) throws -> Shape {
    let texts = try Row.fetchAll(
      db,
      sql: """
        SELECT name, sql FROM sqlite_master
        WHERE tbl_name IN ('installation', 'delivery') AND type IN ('index', 'trigger') AND sql IS NOT NULL
        """)
    var columns: [String] = []
    for table in ["installation", "delivery"] {
      let members = try Row.fetchAll(
        db, sql: "SELECT name, type, \"notnull\", dflt_value, pk FROM pragma_table_info(?)", arguments: [table])
      let references = try Row.fetchAll(
        db, sql: "SELECT \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?)", arguments: [table])
      for row in members + references { columns.append(table + " " + row.description) }
    }
    return Shape(
      texts: Dictionary(uniqueKeysWithValues: texts.map { ($0["name"] as String, $0["sql"] as String) }),
      columns: columns.sorted())
  }

  /// All rows with all columns, as text.
  private func rows(_ db: Database) throws -> [String] {
    var texts: [String] = []
    for table in ["installation", "delivery", "rolloutCount"] {
      for row in try Row.fetchAll(db, sql: "SELECT * FROM \(table)") { texts.append(table + " " + row.description) }
    }
    return texts.sorted()
  }

  /// A file as it was before: two rollouts on things of which each is in another state of both, one rollout reverting the
  /// other, counts that have moved, and one thing that has left.
  private func fill(_ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO model (id, name, numericVersions, confirmWithin, createdAt) VALUES (1, 'lamp', 0, 900, 5);
        INSERT INTO mcu (id, modelId, position, name) VALUES (3, 1, 0, 'main');
        INSERT INTO image (digest, size, storedAt) VALUES (printf('%064d', 1), 10, 5);
        INSERT INTO firmware (id, publicId, mcuId, version, sequence, digest, keyId, envelope, format, formatDetails,
          createdAt, registeredAt)
        VALUES (11, 'f11', 3, '1.0', 1, printf('%064d', 1), 'k', x'00', 'raw', '{}', 5, 6);
        INSERT INTO rollout (id, publicId, modelId, plan, revertOf, state, createdAt, createdBy) VALUES
          (21, 'r21', 1, '{"attempts":1,"minSample":1,"soak":0,"success":0}', NULL, 'running', 7, 'op'),
          (22, 'r22', 1, '{"attempts":1,"minSample":1,"soak":0,"success":0}', 21, 'running', 8, 'op');
        """)
    for (place, state) in Self.statesBefore.enumerated() {
      let thing = place + 1
      try db.execute(
        sql: "INSERT INTO thing (id, publicId, modelId, createdAt, activatedAt) VALUES (?1, 't' || ?1, 1, 5, 6)",
        arguments: [thing])
      if let known = InstallationState(rawValue: state.rawValue) {
        try db.execute(
          sql: """
            INSERT INTO installation (thingId, firmwareId, state, since, installedAt, bootAtInstall, otherVersionSaidAt, code,
              message, bytesServed, rolloutId, attempts) VALUES (?1, 11, ?2, 100 + ?1, 90, 'b', ?1, 'E1', 'm', ?1, 21, ?1)
            """, arguments: [thing, known.rawValue])
      }
      for rollout in [21, 22] {
        try db.execute(
          sql: """
            INSERT INTO delivery (rolloutId, thingId, stage, state, reason, since, consentAt, previous, pardoned)
            VALUES (?1, ?2, ?2 % 2, 'waiting', 'pace', 100 + ?2, ?2, '[{"mcuID":3,"firmwareID":11}]', ?2 % 2)
            """, arguments: [rollout, thing])
        try db.execute(
          sql: "UPDATE delivery SET state = ?, reason = ? WHERE rolloutId = ? AND thingId = ?",
          arguments: [state.rawValue, state.isFailure ? "E1" : "", rollout, thing])
      }
    }
    try db.execute(sql: "DELETE FROM delivery WHERE rolloutId = 22 AND thingId = 1")
  }

  @Test func `keeps rows, counts, indexes and triggers, and takes claims afterwards`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/catalog.sqlite"
    let old = try DatabaseQueue(path: path)
    try Schema.migrator.migrate(old, upTo: "0006 webhooks")
    try await old.write { try fill($0) }
    let (shapeBefore, rowsBefore) = try await old.read { (try shape($0), try rows($0)) }
    #expect(shapeBefore.texts.keys.sorted().count == 6 && rowsBefore.count > 40)
    // What later migrations hang on the tables is theirs.
    try Schema.migrator.migrate(old, upTo: "0009 claimed")
    let (shapeAfter, rowsAfter, orphans) = try await old.read { db in
      (try shape(db), try rows(db), try Row.fetchAll(db, sql: "PRAGMA foreign_key_check").count)
    }
    try old.close()
    let catalog = try Catalog(path: path)
    #expect(shapeAfter == shapeBefore)
    #expect(rowsAfter == rowsBefore)
    #expect(orphans == 0)
    #expect(try await catalog.integrityProblems() == [])
    #expect(try await catalog.wrongRolloutCounts().isEmpty)
    let left = try await catalog.read { db in
      try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE name LIKE '%WithClaims%' OR sql LIKE '%WithClaims%'")
    }
    #expect(left == [])

    let standing = try #require(try await catalog.standing(of: 2))
    var change = StandingChange(thingID: 2)
    change.installations = standing.installations.map { installation in
      var installation = installation
      installation.state = .claimed
      return installation
    }
    change.deliveries = standing.deliveries.map { delivery in
      var delivery = delivery
      (delivery.state, delivery.reason, delivery.isPardoned) = (.claimed, "", false)
      return delivery
    }
    #expect(change.installations.count == 1 && change.deliveries.count == 2)
    try await catalog.record([change]).wait()
    let claimed = try #require(try await catalog.standing(of: 2))
    #expect(claimed.installations == change.installations && claimed.deliveries == change.deliveries)
    let counts = try await catalog.rolloutCounts(of: [21])[21] ?? []
    #expect(counts.filter { $0.state == .claimed }.map(\.count) == [1])
    #expect(try await catalog.wrongRolloutCounts().isEmpty)
    await #expect(throws: CatalogError.self) {
      try await catalog.write { try $0.execute(sql: "UPDATE delivery SET state = 'believed' WHERE thingId = 3") }
    }
    try catalog.close()
  }
}
