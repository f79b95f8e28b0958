import Domain
import GRDB
import TestSupport
import Testing

@testable import Catalog

@Suite("The migration to other digests of images") struct ImageDigestMigrationTests {
  private let others = OtherDigests(sha1: String(repeating: "a", count: 40), md5: String(repeating: "b", count: 32))

  /// A file as it was before: images of which the first is a firmware's.
  private func old(_ path: String, images: Int) async throws {
    let old = try DatabaseQueue(path: path)
    try Schema.migrator.migrate(old, upTo: "0006 webhooks")
    try await old.write { db in
      for number in 1...images {
        try db.execute(
          sql: "INSERT INTO image (digest, size, storedAt) VALUES (printf('%064d', ?), 10, 5)", arguments: [number])
      }
      try db.execute(
        sql: """
          INSERT INTO model (id, name, numericVersions, confirmWithin, createdAt) VALUES (1, 'lamp', 0, 900, 5);
          INSERT INTO mcu (id, modelId, position, name) VALUES (3, 1, 0, 'main');
          INSERT INTO firmware (id, publicId, mcuId, version, sequence, digest, keyId, envelope, format, formatDetails,
            createdAt, registeredAt)
          VALUES (1, 'f1', 3, '1.0', 1, printf('%064d', 1), 'k', x'00', 'raw', '{}', 5, 6);
          """)
    }
    try old.close()
  }

  private func digest(_ number: Int) throws -> ImageDigest {
    let digits = String(number)
    return try #require(ImageDigest(hex: String(repeating: "0", count: 64 - digits.count) + digits))
  }

  @Test func `keeps the images, which have none until they are recorded`() async throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/catalog.sqlite"
    try await old(path, images: 5)
    let catalog = try Catalog(path: path)
    #expect(try await catalog.images().count == 5)
    #expect(try await catalog.firmwares().map(\.otherDigests) == [nil])
    let all = try (1...5).map(digest)
    #expect(try await catalog.imagesWithoutOtherDigests(after: nil, limit: 3) == Array(all[..<3]))
    #expect(try await catalog.imagesWithoutOtherDigests(after: all[2], limit: 3) == Array(all[3...]))
    try await catalog.record(others, of: all[0])
    try await catalog.record(others, of: all[3])
    // What is known stays, and what is not there is no error.
    try await catalog.record(OtherDigests(sha1: String(repeating: "c", count: 40), md5: others.md5), of: all[0])
    try await catalog.record(others, of: digest(6))
    #expect(try await catalog.firmwares().map(\.otherDigests) == [others])
    #expect(try await catalog.imagesWithoutOtherDigests(after: nil, limit: 9) == [all[1], all[2], all[4]])
    #expect(try await catalog.integrityProblems() == [])
    try catalog.close()
  }

  @Test func `takes no text that is none, and never one without the other`() async throws {
    let test = try await TestCatalog()
    let image = ImageDigest(bytes: test.hash(1))!
    try await test.catalog.recordImage(image, size: 10, at: .start)
    for wrong in [
      OtherDigests(sha1: "", md5: others.md5), OtherDigests(sha1: others.sha1, md5: others.sha1),
      OtherDigests(sha1: others.md5, md5: others.md5),
    ] {
      await #expect(throws: CatalogError.self) { try await test.catalog.record(wrong, of: image) }
    }
    for alone in ["md5 = '\(others.md5)'", "sha1 = '\(others.sha1)'"] {
      await #expect(throws: CatalogError.self) {
        try await test.catalog.write { try $0.execute(sql: "UPDATE image SET \(alone)") }
      }
    }
    #expect(try await test.catalog.imagesWithoutOtherDigests(after: nil, limit: 9) == [image])
  }

  @Test func `an image that is stored with them keeps them, also where it was known without`() async throws {
    let test = try await TestCatalog()
    try await test.register(test.firmware("1.0", sequence: 1, digest: 1))
    try await test.catalog.recordImage(ImageDigest(bytes: test.hash(2))!, size: 1002, otherDigests: others, at: .start)
    try await test.register(test.firmware("2.0", sequence: 2, digest: 2))
    #expect(try await test.catalog.firmwares().map(\.otherDigests) == [nil, others])
    try await test.catalog.recordImage(
      ImageDigest(bytes: test.hash(1))!, size: 1001, otherDigests: others, at: .start, audit: .deed("image.store"))
    #expect(try await test.catalog.firmwares().map(\.otherDigests) == [others, others])
    let entries = try await test.catalog.auditEntries(after: nil, limit: 100)
    #expect(!entries.contains { $0.action == "image.store" }, "the image was there")
  }
}
