import Cryptography
import Domain
import Foundation
import GRDB
import NIOCore
import ServiceLifecycle
import Signing
import TestSupport
import Testing

@testable import Catalog
@testable import FirmwareService

@Suite("SHA-1 and MD5 of images", .timeLimit(.minutes(10))) struct DigestCompletionTests {
  private struct CutOff: Error {}

  private func path(_ digest: ImageDigest, _ test: TestService) -> String {
    "\(test.folder.path)/images/sha256/\(digest.hex.prefix(2))/\(digest.hex)"
  }

  /// What `sha1sum` and `md5sum` say of a stored image.
  private func programs(_ digest: ImageDigest, _ test: TestService) throws -> OtherDigests {
    OtherDigests(
      sha1: try DigestProgram.sha1sum.digest(ofFile: path(digest, test)),
      md5: try DigestProgram.md5sum.digest(ofFile: path(digest, test)))
  }

  /// Brings the store back to what it was before they were kept, and opens it anew, which migrates it.
  private func fromBefore(_ test: TestService) async throws -> TestService {
    try await test.catalog.write { db in
      try db.execute(
        sql: """
          DROP INDEX imageWithoutOtherDigests;
          ALTER TABLE image DROP COLUMN md5;
          ALTER TABLE image DROP COLUMN sha1;
          DELETE FROM grdb_migrations WHERE identifier = '0007 image digests';
          """)
    }
    return try await test.restarted()
  }

  private func known(_ test: TestService) -> [OtherDigests?] { test.service.releases.snapshot.firmwares.map(\.otherDigests) }

  private func until(_ condition: () -> Bool) async throws {
    while !condition() { try await Task.sleep(for: .milliseconds(5)) }
  }

  @Test func `a firmware has those of its image from its registration on, and after a restart`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let firmware = try await test.release("1.0", sequence: 1)
    let wanted = try programs(firmware.digest, test)
    #expect(firmware.otherDigests == wanted)
    #expect(known(test) == [wanted])
    let again = try await test.restarted()
    #expect(known(again) == [wanted])
    let completed = try await again.service.completeDigests()
    #expect(completed == 0)
  }

  @Test func `an upload that was cut and went on has those of the whole image`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let bytes = test.image("1.0", size: 900_000)
    let digest = try #require(ImageDigest(bytes: SHA256Hasher.digest(of: bytes)))
    await #expect(throws: CutOff.self) {
      _ = try await test.service.storeImage(digest, continuingAt: 0, by: "op") { landing in
        try await landing.append(ByteBuffer(bytes: bytes[..<600_001]))
        throw CutOff()
      }
    }
    let again = try await test.restarted()
    _ = try await again.service.storeImage(digest, continuingAt: 600_001, by: "op") { landing in
      try await landing.append(ByteBuffer(bytes: bytes[600_001...]))
    }
    let manifest = again.manifest("1.0", sequence: 1, digest: digest, size: 900_000)
    let envelope = try SignedEnvelope.sign(manifest, with: again.engineer).jsonBytes
    let firmware = try await again.service.registerFirmware(envelope: envelope, publish: true, by: "op").firmware
    let wanted = try programs(digest, again)
    #expect(firmware.otherDigests == wanted)
  }

  @Test func `a store from before gets them, but for images that are damaged or gone, and those when they are sent again`()
    async throws
  {
    let before = try await TestService()
    try await before.createModel()
    var firmwares: [Firmware] = []
    for number in 1...4 { firmwares.append(try await before.release("\(number).0", sequence: Int64(number))) }
    let wanted = try firmwares.map { try programs($0.digest, before) }
    let unnamed = try await before.store(before.image("unnamed"))
    let test = try await fromBefore(before)
    #expect(known(test) == [nil, nil, nil, nil])
    try Data(before.image("something else")).write(to: URL(fileURLWithPath: path(firmwares[1].digest, test)))
    try FileManager.default.removeItem(atPath: path(firmwares[2].digest, test))

    let completed = try await test.service.completeDigests()
    #expect(completed == 3)
    #expect(known(test) == [wanted[0], nil, nil, wanted[3]])
    let left = try await test.catalog.imagesWithoutOtherDigests(after: nil, limit: 9)
    #expect(Set(left) == [firmwares[1].digest, firmwares[2].digest] && !left.contains(unnamed))
    let again = try await test.service.completeDigests()
    #expect(again == 0)

    for version in ["2.0", "3.0"] { _ = try await test.store(test.image(version)) }
    #expect(known(test) == wanted)
    let findings = try await test.service.verifyStore().findings
    #expect(findings == [])
  }

  @Test func `more images than are looked at together all get theirs`() async throws {
    let before = try await TestService()
    for number in 1...120 { _ = try await before.store(before.image("\(number)", size: 10 + number)) }
    let test = try await fromBefore(before)
    let completed = try await test.service.completeDigests()
    #expect(completed == 120)
    #expect(try await test.catalog.imagesWithoutOtherDigests(after: nil, limit: 9).isEmpty)
  }

  @Test func `the background work makes them at the start, again when a registration asks, and ends with the service`()
    async throws
  {
    let before = try await TestService()
    try await before.createModel()
    let first = try await before.release("1.0", sequence: 1)
    let test = try await fromBefore(before)
    let group = ServiceGroup(
      configuration: .init(services: [DigestCompletion(service: test.service)], logger: test.service.log))
    let running = Task { try await group.run() }
    let wanted = try programs(first.digest, test)
    try await until { known(test) == [wanted] }
    // Its row went as an orphan's between the upload and the registration.
    let second = try await test.store(test.image("2.0"))
    try await test.catalog.write { try $0.execute(sql: "DELETE FROM image WHERE digest = ?", arguments: [second.hex]) }
    let manifest = test.manifest("2.0", sequence: 2, digest: second, size: 5000)
    let envelope = try SignedEnvelope.sign(manifest, with: test.engineer).jsonBytes
    let firmware = try await test.service.registerFirmware(envelope: envelope, publish: false, by: "op").firmware
    #expect(firmware.otherDigests == nil)
    let others = try programs(second, test)
    try await until { known(test) == [wanted, others] }
    await group.triggerGracefulShutdown()
    try await running.value
  }
}
