import Cryptography
import Domain
import Signing
import Testing

@testable import FirmwareService

@Suite("Registering a firmware") struct RegistrationTests {
  private func register(
    _ manifest: FirmwareManifest, _ test: TestService, by key: PrivateKey? = nil, publish: Bool = false
  ) async throws -> (firmware: Firmware, isNew: Bool) {
    let envelope = try SignedEnvelope.sign(manifest, with: key ?? test.engineer).jsonBytes
    return try await test.service.registerFirmware(envelope: envelope, publish: publish, by: "op")
  }

  @Test func `takes what is signed, stored and new, and says what was registered`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let digest = try await test.store(test.image("1.0"))
    let manifest = test.manifest("1.0", sequence: 41, digest: digest, size: 5000)
    test.clock.advance(seconds: 60)
    let (firmware, isNew) = try await register(manifest, test)
    #expect(isNew)
    #expect(firmware.model == "lamp" && firmware.mcu == "main" && firmware.version.text == "1.0" && firmware.sequence == 41)
    #expect(firmware.digest == digest && firmware.size == 5000 && firmware.publishedAt == nil)
    #expect(try firmware.keyID == test.engineer.publicKey.id)
    #expect(firmware.createdAt == manifest.createdAt && firmware.registeredAt == test.clock.now)
    #expect(try test.service.firmware(firmware.publicID) == firmware)
    #expect(try test.service.newestSequence(of: test.service.model("lamp").mcus[0]) == 41)
    let envelope = try SignedEnvelope(jsonBytes: try await test.service.manifest(of: firmware))
    #expect(try envelope.claimedManifest() == manifest)
  }

  @Test func `refuses everything that does not fit, each with its own code, and registers nothing`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.createModel("counter", numeric: true)
    let digest = try await test.store(test.image("1.0"))
    let stranger = try PrivateKey.generate(.ecdsaP256)
    let revoked = try PrivateKey.generate(.ed25519)
    _ = try await test.service.trustKey(pem: revoked.publicKey.pem, name: nil, for: "lamp", by: "op")
    _ = try await test.service.revokeKey(revoked.publicKey.id, of: "lamp", by: "op")
    let absent = try #require(ImageDigest(bytes: SHA256Hasher.digest(of: "nowhere")))
    let good = test.manifest("1.0", sequence: 1, digest: digest, size: 5000)

    func refused(_ code: ServiceError.Code, _ manifest: FirmwareManifest, by key: PrivateKey? = nil) async {
      await expectRefusal(code, "\(manifest)") { _ = try await register(manifest, test, by: key) }
    }
    await refused(.untrustedKey, good, by: stranger)
    await refused(.revokedKey, good, by: revoked)
    await refused(.unknownModel, test.manifest("1.0", model: "toaster", sequence: 1, digest: digest, size: 5000))
    await refused(.unknownMCU, test.manifest("1.0", mcu: "radio", sequence: 1, digest: digest, size: 5000))
    await refused(.imageMissing, test.manifest("1.0", sequence: 1, digest: absent, size: 5000))
    await refused(.imageDiffers, test.manifest("1.0", sequence: 1, digest: digest, size: 5001))
    await refused(.imageDiffers, test.manifest("1.0", sequence: 1, digest: digest, size: -1))
    for sequence in [0, -1, .min, .max, 1 << 53] as [Int64] {
      await refused(.malformedManifest, test.manifest("1.0", sequence: sequence, digest: digest, size: 5000))
    }
    for version in ["", " 1.0", "1\n", String(repeating: "1", count: 65), "1\0", ".."] {
      await refused(.malformedManifest, test.manifest(version, sequence: 1, digest: digest, size: 5000))
    }
    for version in ["1.0", "v1", "-1", "1e3", String(repeating: "9", count: 16)] {
      await refused(.versionNotNumeric, test.manifest(version, model: "counter", sequence: 1, digest: digest, size: 5000))
    }
    // Trusted for one model is not trusted for another.
    let other = try PrivateKey.generate(.ed25519)
    _ = try await test.service.trustKey(pem: other.publicKey.pem, name: nil, for: "counter", by: "op")
    await refused(.untrustedKey, good, by: other)

    for bytes in [Array("{}".utf8), [], Array("[]".utf8), [0xFF]] {
      await expectRefusal(.malformedManifest) {
        _ = try await test.service.registerFirmware(envelope: bytes, publish: true, by: "op")
      }
    }
    let unsigned = try SignedEnvelope.sign(good, with: test.engineer)
    await expectRefusal(.unsignedManifest) {
      let bare = SignedEnvelope(payloadType: unsigned.payloadType, payload: unsigned.payload, signatures: [])
      _ = try await test.service.registerFirmware(envelope: bare.jsonBytes, publish: true, by: "op")
    }
    await expectRefusal(.wrongSignature) {
      let signature = try SignedEnvelope.sign(
        test.manifest("2.0", sequence: 1, digest: digest, size: 5000), with: test.engineer
      ).signatures
      let mixed = SignedEnvelope(payloadType: unsigned.payloadType, payload: unsigned.payload, signatures: signature)
      _ = try await test.service.registerFirmware(envelope: mixed.jsonBytes, publish: true, by: "op")
    }
    #expect(try test.service.listFirmwares(model: nil, mcu: nil, PageRequest(limit: nil, after: nil)).entries == [])
    #expect(try await register(good, test).isNew)
    let whole = test.manifest("17", model: "counter", sequence: 1 << 53 - 1, digest: digest, size: 5000)
    #expect(try await register(whole, test).isNew)
  }

  @Test func `takes an exact repeat and a newly signed one as the success that it was`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let digest = try await test.store(test.image("1.0"))
    let manifest = test.manifest("1.0", sequence: 5, digest: digest, size: 5000)
    let first = try await register(manifest, test)
    for sequence in [5, 1, 99] as [Int64] {
      let again = try await register(test.manifest("1.0", sequence: sequence, digest: digest, size: 5000), test)
      #expect(!again.isNew && again.firmware == first.firmware)
    }
    let published = try await register(manifest, test, publish: true)
    #expect(!published.isNew && published.firmware.publishedAt == test.clock.now)
    test.clock.advance(seconds: 5)
    #expect(try await register(manifest, test, publish: true).firmware == published.firmware)
    #expect(try test.service.newestSequence(of: test.service.model("lamp").mcus[0]) == 5)
  }

  @Test func `refuses other bytes under a version, and a sequence that does not grow`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 10)
    let other = try await test.store(test.image("other"))
    await expectRefusal(.versionTaken) {
      _ = try await register(test.manifest("1.0", sequence: 11, digest: other, size: 5000), test)
    }
    for sequence in [1, 10] as [Int64] {
      await expectRefusal(.sequenceTooOld) {
        _ = try await register(test.manifest("2.0", sequence: sequence, digest: other, size: 5000), test)
      }
    }
    #expect(try await register(test.manifest("2.0", sequence: 11, digest: other, size: 5000), test).isNew)
  }

  @Test func `refuses a package for another version or another model's board`() async throws {
    let test = try await TestService()
    try await test.createModel("lamp", mcus: ["main", "radio"])
    try await test.createModel("Door 2")
    func attempt(_ board: String, _ stated: String, as version: String, sequence: Int64 = 1) async throws -> Firmware {
      let image = packageForOneBoard(board, version: stated)
      let digest = try await test.store(image)
      let manifest = test.manifest(version, sequence: sequence, digest: digest, size: Int64(image.count))
      return try await register(manifest, test).firmware
    }
    for (board, stated) in [("lamp", "1.0.1"), ("door_2", "1.0.0"), ("radio", "1.0.0")] {
      await expectRefusal(.imageContradicts, board) { _ = try await attempt(board, stated, as: "1.0.0") }
    }
    let known = try await attempt("lamp", "1.0.0", as: "1.0.0")
    #expect(known.format == "swu" && known.formatDetails["boards"] == "lamp")
    #expect(try await attempt("somebody-s-board", "v2.0", as: "2.0.0", sequence: 2).version.text == "2.0.0")
  }

  /// A package of SWUpdate with nothing but its description.
  private func packageForOneBoard(_ board: String, version: String) -> [UInt8] {
    let text = "software = { version = \"\(version)\"; \(board) = { images: ( ); }; };"
    return [("sw-description", text), ("TRAILER!!!", "")].reduce(into: []) { bytes, entry in
      let (name, content) = entry
      let fields = [1, 0o100644, 0, 0, 1, 0, content.utf8.count, 0, 0, 0, 0, name.utf8.count + 1, 0]
      let digits = fields.map { String(repeating: "0", count: 8 - String($0, radix: 16).count) + String($0, radix: 16) }
      for part in ["070701\(digits.joined())\(name)\0", content] {
        bytes += Array(part.utf8)
        bytes += [UInt8](repeating: 0, count: (4 - bytes.count % 4) % 4)
      }
    }
  }

  @Test func `by many at once registers each version once`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let digest = try await test.store(test.image("1.0"))
    let manifest = test.manifest("1.0", sequence: 5, digest: digest, size: 5000)
    let outcomes = try await withThrowingTaskGroup(of: (Firmware, Bool).self) { group in
      for _ in 0..<20 {
        group.addTask {
          let (firmware, isNew) = try await register(manifest, test, publish: true)
          return (firmware, isNew)
        }
      }
      return try await group.reduce(into: [(Firmware, Bool)]()) { $0.append($1) }
    }
    #expect(outcomes.filter(\.1).count == 1)
    #expect(Set(outcomes.map(\.0.publicID)).count == 1)
    #expect(try test.service.listFirmwares(model: "lamp", mcu: "main", PageRequest(limit: nil, after: nil)).entries.count == 1)
  }

  @Test func `refuses keys that are none, and keeps a revoked one revoked`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let key = try PrivateKey.generate(.ecdsaP256)
    await expectRefusal(.malformedKey) {
      _ = try await test.service.trustKey(pem: "hello", name: nil, for: "lamp", by: "op")
    }
    await expectRefusal(.malformedKey) {
      _ = try await test.service.trustKey(pem: key.pem(), name: nil, for: "lamp", by: "op")
    }
    await expectRefusal(.unknownModel) {
      _ = try await test.service.trustKey(pem: key.publicKey.pem, name: nil, for: "toaster", by: "op")
    }
    let first = try await test.service.trustKey(pem: key.publicKey.pem, name: "a", for: "lamp", by: "op")
    let again = try await test.service.trustKey(pem: key.publicKey.pem, name: "b", for: "lamp", by: "op")
    #expect(first.isNew && !again.isNew && again.key == first.key)
    await expectRefusal(.unknownKey) { _ = try await test.service.revokeKey("0", of: "lamp", by: "op") }
    let revoked = try await test.service.revokeKey(first.key.keyID, of: "lamp", by: "op")
    test.clock.advance(seconds: 9)
    #expect(try await test.service.revokeKey(first.key.keyID, of: "lamp", by: "op") == revoked)
    await expectRefusal(.revokedKey) {
      _ = try await test.service.trustKey(pem: key.publicKey.pem, name: nil, for: "lamp", by: "op")
    }
    #expect(try await test.service.listKeys(of: "lamp").count == 2)
  }

  @Test func `needs a model, which is made once`() async throws {
    let test = try await TestService()
    let first = try await test.createModel(mcus: ["b", "a"])
    #expect(first.mcus.map(\.name) == ["b", "a"] && first.confirmWithin == 900)
    func create(_ name: String, _ mcus: [String], _ numeric: Bool = false, _ within: Int64? = nil) async throws -> Bool {
      try await test.service.createModel(
        name: name, mcus: mcus, numericVersions: numeric, confirmWithin: within, by: "op"
      ).isNew
    }
    #expect(try await !create("lamp", ["b", "a"]))
    await expectRefusal(.exists) { _ = try await create("lamp", ["a", "b"]) }
    await expectRefusal(.exists) { _ = try await create("lamp", ["b", "a"], true) }
    await expectRefusal(.exists) { _ = try await create("lamp", ["b", "a"], false, 901) }
    for (name, mcus) in [
      ("", ["a"]), (" x", ["a"]), ("a\0", ["a"]), (String(repeating: "x", count: 65), ["a"]), ("x", []), ("x", ["a", "a"]),
      ("x", [""]), ("x", (0..<17).map(String.init)), ("..", ["a"]),
    ] {
      await expectRefusal(.malformed, "\(name) \(mcus)") { _ = try await create(name, mcus) }
    }
    for within in [0, -1, 31_536_001] as [Int64] {
      await expectRefusal(.malformed) { _ = try await create("x", ["a"], false, within) }
    }
    #expect(try await create("i.MX 8M Mini / é", (0..<16).map(String.init), true, 31_536_000))
    #expect(test.service.listModels(PageRequest(limit: nil, after: nil)).entries.map(\.name) == ["i.MX 8M Mini / é", "lamp"])
  }

  @Test func `names and versions that look the same are the same, whatever code points they are spelled with`() async throws {
    let test = try await TestService()
    try await test.createModel("caf\u{E9}")
    await expectRefusal(.exists, "the model with a combining accent") { try await test.createModel("cafe\u{301}") }
    try await test.createModel()
    try await test.release("1-\u{E9}", sequence: 1)
    await expectRefusal(.versionTaken, "the version with a combining accent") {
      try await test.release("1-e\u{301}", sequence: 2)
    }
  }
}
