import Domain
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("The migration to rollouts") struct PublicationMigrationTests {
  /// What a firmware could be on a thing at that time.
  private static let states = InstallationState.allCases.filter { $0 != .claimed }

  /// A file as it was before there were rollouts: three firmwares of which two are published, and things on which each of
  /// them is in every state; the last thing is retired.
  private func old(_ path: String) async throws {
    let old = try DatabaseQueue(path: path)
    try Schema.migrator.migrate(old, upTo: "0003 people")
    try await old.write { db in
      try db.execute(
        sql: """
          INSERT INTO model (id, name, numericVersions, confirmWithin, createdAt) VALUES (1, 'lamp', 0, 900, 5);
          INSERT INTO mcu (id, modelId, position, name) VALUES (3, 1, 0, 'main');
          INSERT INTO image (digest, size, storedAt) VALUES (printf('%064d', 1), 10, 5);
          """)
      for (id, published) in [(11, 70), (12, nil), (13, 80)] as [(Int64, Int64?)] {
        try db.execute(
          sql: """
            INSERT INTO firmware (id, publicId, mcuId, version, sequence, digest, keyId, envelope, format, formatDetails,
              createdAt, registeredAt, publishedAt)
            VALUES (?1, 'f' || ?1, 3, ?1 || '.0', ?1, printf('%064d', 1), 'k', x'00', 'raw', '{}', 5, 6, ?2)
            """, arguments: [id, published])
      }
      for (place, state) in Self.states.enumerated() {
        for offset in [0, 100] {
          let thing = place + 1 + offset
          try db.execute(
            sql: """
              INSERT INTO thing (id, publicId, modelId, createdAt, activatedAt, retiredAt) VALUES (?1, 't' || ?1, 1, 5, 6, ?2)
              """, arguments: [thing, offset == 0 ? nil : 9])
          for firmware in [11, 12] {
            try db.execute(
              sql: """
                INSERT INTO installation (thingId, firmwareId, state, since, code, bytesServed) VALUES (?, ?, ?, ?, 'E1', 0)
                """, arguments: [thing, firmware, state.rawValue, 100 + place])
          }
        }
      }
    }
    try old.close()
  }

  @Test func `makes a publication of what was published, and deliveries of what stands on things`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/catalog.sqlite"
    try await old(path)
    let catalog = try Catalog(path: path)
    let rollouts = try await catalog.rollouts()
    #expect(rollouts.map(\.publicID) == ["f11", "f13"])
    for (rollout, published) in zip(rollouts, [70, 80] as [Int64]) {
      #expect(rollout.isPublication && rollout.state == .running && rollout.plan == .publication)
      #expect(rollout.items == [RolloutItem(mcuID: 3, firmwareID: rollout.id)])
      let moment = Timestamp(milliseconds: published)
      #expect(rollout.stages == [RolloutStage(scope: .share(RolloutShare.whole), openedAt: moment, countedAt: moment)])
      #expect(rollout.startedAt == moment && rollout.createdAt == moment)
    }
    let listed = try await catalog.deliveries(of: 11, state: nil, after: nil, limit: 100)
    #expect(listed.map(\.delivery.state.rawValue) == Self.states.map(\.rawValue), "none of retired things")
    for (place, entry) in listed.enumerated() {
      #expect(entry.delivery.since == Timestamp(milliseconds: 100 + Int64(place)) && entry.delivery.stage == 0)
      #expect(entry.delivery.reason == (entry.delivery.state.isFailure ? "E1" : ""))
    }
    #expect(try await catalog.deliveries(of: 13, state: nil, after: nil, limit: 100).isEmpty)
    let counts = try await catalog.rolloutCounts(of: [11, 13])
    #expect(counts[11]?.count == Self.states.count && counts[11]?.allSatisfy { $0.count == 1 } == true)
    #expect(counts[13] == [])
    #expect(try await catalog.wrongRolloutCounts().isEmpty)
    for (place, state) in Self.states.enumerated() {
      let standing = try #require(try await catalog.standing(of: Int64(place + 1)))
      let (published, withdrawn) = (standing.installation(of: 11), standing.installation(of: 12))
      #expect(published?.rolloutID == 11 && withdrawn?.rolloutID == nil)
      #expect(published?.state == state && published?.attempts == (state == .failed ? 1 : 0))
      #expect(standing.deliveries.map(\.rolloutID) == [11])
    }
    #expect(try await catalog.integrityProblems() == [])
    try catalog.close()
  }
}
