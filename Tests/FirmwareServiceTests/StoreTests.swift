import Cryptography
import Domain
import Foundation
import GRDB
import NIOCore
import TestSupport
import Testing

@testable import Catalog
@testable import FirmwareService

@Suite("What is kept") struct StoreTests {
  private struct CutOff: Error {}

  @Test func `everything that was acknowledged is there after a restart`() async throws {
    let test = try await TestService()
    try await test.createModel(mcus: ["main", "radio"])
    try await test.service.admitOperator(token: "secret", name: "op")
    let firmware = try await test.release("2.0", sequence: 2)
    let unpublished = try await test.release("3.0", sequence: 3, publish: false)
    let code = try await test.service.createCodes(for: "lamp", count: 1, by: "op")[0].code
    let thing = try await test.activate()
    try await test.report(thing.id, "2.0", .installed, mcu: "main", boot: "a")
    #expect(try await test.poll(thing.id, "1.0", mcu: "main", boot: "a") == [])
    #expect(try await test.poll(thing.id, "7.7", mcu: "radio") == [])
    let before = try await test.service.showThing(thing.publicID)
    let status = try await test.counts("2.0")

    let again = try await test.restarted()
    #expect(try await again.service.identifyThing(thing.token.secret) == thing.id)
    let after = try await again.service.showThing(thing.publicID)
    #expect(after.thing == before.thing)
    #expect(after.mcus.map(\.standing) == before.mcus.map(\.standing))
    #expect(after.mcus.map(\.installation) == before.mcus.map(\.installation))
    #expect(after.mcus[0].installation?.otherVersionSaidAt != nil)
    #expect(try await again.counts("2.0") == status && status == [.installed: 1])
    #expect(try again.service.firmware(firmware.publicID) == firmware)
    #expect(try again.service.firmware(unpublished.publicID).publishedAt == nil)
    #expect((try? again.service.identifyOperator(token: "secret").name) == "op")
    #expect((try? again.service.identifyOperator(token: "Secret").name) == nil)
    #expect(try await again.service.readToken(of: thing.publicID, by: "op") == thing.token)
    #expect(try await again.service.activateThing(code: code).secret.count == 43)
    #expect(try await again.download(firmware, by: thing.id) == test.image("2.0"))
    // It fell back, by what was known before the restart.
    #expect(try await again.poll(thing.id, "1.0", mcu: "main", boot: "b") == [])
    #expect(try await again.counts("2.0") == [.rolledBack: 1])
    #expect(try await again.service.verifyStore().findings == [])
  }

  @Test func `what the server only saw is there after a restart once it was flushed`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let firmware = try await test.release("2.0", sequence: 2)
    let (seen, lost) = (try await test.activate(), try await test.activate())
    test.clock.advance(seconds: 5)
    let time = test.clock.now
    #expect(try await test.poll(seen.id) == ["2.0"])
    _ = try await test.download(firmware, by: seen.id)
    try await test.service.flushSightings()
    test.clock.advance(seconds: 5)
    #expect(try await test.poll(lost.id) == ["2.0"])
    let again = try await test.restarted()
    #expect(try await again.counts("2.0") == [.downloaded: 1])
    #expect(try await again.service.showThing(seen.publicID).thing.lastSeenAt == time)
    #expect(try await again.service.showThing(lost.publicID).thing.lastSeenAt == nil)
    #expect(try await again.poll(lost.id) == ["2.0"])
    #expect(try await again.counts("2.0") == [.downloaded: 1, .offered: 1])
  }

  @Test func `a report that cannot be written has not happened`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    try await test.release("2.0", sequence: 2)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id, "1.0", boot: "a") == ["2.0"])
    try await test.service.flushSightings()
    // The disk is full: not a page more.
    try await test.catalog.write { try $0.execute(sql: "PRAGMA max_page_count = 1") }
    let long = JSONValue.string(String(repeating: "x", count: 1000))
    let failed: JSONValue = .object(["version": .string("2.0"), "status": .string("failed"), "message": long])
    await expectRefusal(.diskFull) {
      try await test.service.writeResources(
        Array(repeating: ResourceRecord(key: "$firmware", value: failed), count: 50), of: thing.id)
    }
    #expect(try await test.poll(thing.id) == ["2.0"])
    #expect(try await test.service.showThing(thing.publicID).mcus[0].installation?.state == .offered)
    let running: JSONValue = .object(["version": .string("2.0"), "boot": .string("b"), "message": long])
    await expectRefusal(.diskFull) {
      try await test.service.writeResources(
        Array(repeating: ResourceRecord(key: "$firmware", value: running), count: 50), of: thing.id)
    }
    #expect(try await test.service.showThing(thing.publicID).mcus[0].standing?.running == "1.0")
    try await test.catalog.write { try $0.execute(sql: "PRAGMA max_page_count = 1000000") }
    #expect(try await test.counts("2.0") == [.offered: 1])
    #expect(try await test.running("1.0") == 1)
    await expectRefusal(.unknownResource) { _ = try await test.service.readResource("$firmware", of: thing.id) }
    try await test.report(thing.id, "2.0", .failed)
    #expect(try await test.counts("2.0") == [.failed: 1])
    let again = try await test.restarted()
    #expect(try await again.counts("2.0") == [.failed: 1])
  }

  @Test func `what was seen and cannot be written is kept for the next time`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("2.0", sequence: 2)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id) == ["2.0"])
    try await test.catalog.write { db in
      try db.execute(sql: "CREATE TRIGGER full BEFORE UPDATE ON thing BEGIN SELECT RAISE(ABORT, 'not now'); END")
    }
    await #expect(throws: ServiceError.self) { try await test.service.flushSightings() }
    #expect(try await test.poll(thing.id) == ["2.0"], "a poll that says nothing new waits for no disk")
    try await test.catalog.write { try $0.execute(sql: "DROP TRIGGER full") }
    try await test.service.flushSightings()
    let again = try await test.restarted()
    #expect(try await again.counts("2.0") == [.offered: 1])
    #expect(try await again.service.showThing(thing.publicID).thing.lastSeenAt == test.clock.now)
  }

  @Test func `an image is stored once, and a cut one goes on where it stopped`() async throws {
    let test = try await TestService()
    let bytes = test.image("1.0", size: 10_000)
    let digest = try #require(ImageDigest(bytes: SHA256Hasher.digest(of: bytes)))
    #expect(try await test.service.storedBytes(of: digest) == .partial(received: 0))
    await #expect(throws: CutOff.self) {
      _ = try await test.service.storeImage(digest, continuingAt: 0, by: "op") { image in
        try await image.append(ByteBuffer(bytes: bytes[..<4000]))
        throw CutOff()
      }
    }
    #expect(try await test.service.storedBytes(of: digest) == .partial(received: 4000))
    let again = try await test.restarted()
    do {
      _ = try await again.service.storeImage(digest, continuingAt: 5000, by: "op") { _ in }
      Issue.record("a gap was taken")
    } catch let error as ServiceError {
      #expect(error.code == .wrongOffset && error.received == 4000)
    }
    let stored = try await again.service.storeImage(digest, continuingAt: 4000, by: "op") {
      try await $0.append(ByteBuffer(bytes: bytes[4000...]))
    }
    #expect(stored == (10_000, true))
    let repeated = try await again.service.storeImage(digest, continuingAt: 0, by: "op") { _ in Issue.record("nothing to send")
    }
    #expect(repeated == (10_000, false))
    #expect(try await again.service.storedBytes(of: digest) == .whole(size: 10_000))
    await expectRefusal(.digestMismatch) {
      let other = try #require(ImageDigest(bytes: SHA256Hasher.digest(of: "x")))
      _ = try await again.service.storeImage(other, continuingAt: 0, by: "op") { try await $0.append(ByteBuffer(bytes: [1])) }
    }
    await expectRefusal(.imageTooLarge) {
      let other = try #require(ImageDigest(bytes: SHA256Hasher.digest(of: "y")))
      let piece = ByteBuffer(repeating: 0, count: 1 << 19)
      _ = try await again.service.storeImage(other, continuingAt: 0, by: "op") { image in
        for _ in 0..<3 { try await image.append(piece) }
      }
    }
  }

  @Test func `orphans are collected after a day, and images that a firmware names never`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let firmware = try await test.release("1.0", sequence: 1)
    let orphan = try await test.store(test.image("orphan"))
    #expect(try await test.service.verifyStore().orphans == 1)
    // The clock stands in 2025; what lies on the disk is as old as the test.
    for digest in [firmware.digest, orphan] {
      let path = "\(test.folder.path)/images/sha256/\(digest.hex.prefix(2))/\(digest.hex)"
      let date = Date(timeIntervalSince1970: TimeInterval(test.clock.now.seconds))
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
    }
    test.clock.advance(seconds: 86_400)
    try await test.service.collectOrphans()
    #expect(try await test.service.verifyStore().images == 2)
    test.clock.advance(seconds: 1)
    try await test.service.collectOrphans()
    let report = try await test.service.verifyStore()
    #expect(report.images == 1 && report.orphans == 0 && report.findings == [])
    let thing = try await test.activate()
    #expect(try await test.download(firmware, by: thing.id) == test.image("1.0"))
  }

  @Test func `a verification finds what is damaged, missing, strange and forged`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let (damaged, missing, forged) = (
      try await test.release("1.0", sequence: 1), try await test.release("2.0", sequence: 2),
      try await test.release("3.0", sequence: 3)
    )
    let clean = try await test.service.verifyStore()
    #expect(clean.findings == [] && clean.images == 3 && clean.bytes == 15_000 && clean.firmwares == 3 && clean.orphans == 0)
    func path(_ firmware: Firmware) -> String {
      "\(test.folder.path)/images/sha256/\(firmware.digest.hex.prefix(2))/\(firmware.digest.hex)"
    }
    try Data(test.image("9.9", size: 5001)).write(to: URL(fileURLWithPath: path(damaged)))
    try FileManager.default.removeItem(atPath: path(missing))
    try Data([1]).write(to: URL(fileURLWithPath: "\(test.folder.path)/images/sha256/README"))
    try await test.catalog.write { db in
      try db.execute(sql: "UPDATE firmware SET version = '3.1' WHERE id = ?", arguments: [forged.id])
    }
    let report = try await test.service.verifyStore()
    let kinds = report.findings.map { "\($0.kind) \($0.subject)" }.sorted()
    #expect(
      kinds
        == [
          "imageDamaged \(damaged.digest)", "imageMissing \(missing.digest)", "imageSize \(damaged.digest)",
          "manifest \(forged.publicID)", "strayFile README",
        ])
  }

  @Test func `a revoked key still vouches for what it signed before`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    _ = try await test.service.revokeKey(test.engineer.publicKey.id, of: "lamp", by: "op")
    #expect(try await test.service.verifyStore().findings == [])
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id) == ["1.0"])
    await expectRefusal(.revokedKey) { try await test.release("2.0", sequence: 2) }
  }
}
