import Cryptography
import Domain
import Foundation
import Testing

/// Manifests that must not become firmware, against the real program.
@Suite(.serialized) struct BadInputManifestTests {
  /// A model `m` with the MCU `u` and an image that is stored for it.
  private func withDesk(
    mcu: String = "u", numericVersions: Bool = false, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (EngineersDesk, ManifestText) async throws -> Void
  ) async throws {
    try await withServer(sourceLocation: sourceLocation) { server in
      let desk = try await EngineersDesk(server, model: "m", mcus: [mcu], numericVersions: numericVersions)
      let image = imageBytes(5000, seed: 21)
      try await desk.store(image)
      let manifest = ManifestText(
        mcu: mcu, model: "m", sequence: 100, sha256: image.sha256, size: image.count, version: numericVersions ? "1" : "1.0.0")
      try await body(desk, manifest)
    }
  }

  private func expectNoFirmware(_ desk: EngineersDesk, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let list = try await desk.server.operate("GET", "/api/v1/firmwares")
    #expect(list.json?["firmwares"] == .array([]), sourceLocation: sourceLocation)
    let model = try await desk.server.operate("GET", "/api/v1/models/m")
    #expect(model.json?["mcus"]?.elements?.first?["newestSequence"] == .integer(0), sourceLocation: sourceLocation)
  }

  @Test func onlyATrustedKeysSignatureMakesAFirmware() async throws {
    try await withDesk { desk, manifest in
      let stranger = try PrivateKey.generate(.ed25519)
      let unsigned = ManifestText.envelope(manifest.text, signatures: [])
      expectProblem(try await desk.register(unsigned), 403, "unsigned-manifest")
      expectProblem(try await desk.register(try manifest.envelope(signedBy: stranger)), 403, "untrusted-key")
      // The stranger's signature under the name of the trusted key.
      let forged = try ManifestText.envelope(manifest.text, signedBy: stranger, naming: desk.key)
      expectProblem(try await desk.register(forged), 403, "wrong-signature")
      // A good signature over another manifest.
      var other = manifest
      other.version = "6.6.6"
      let swapped = try manifest.envelope(signedBy: desk.key).replacingOccurrences(
        of: Data(manifest.text.utf8).base64EncodedString(), with: Data(other.text.utf8).base64EncodedString())
      expectProblem(try await desk.register(swapped), 403, "wrong-signature")
      let id = try desk.key.publicKey.id
      for signature in ["", "AAAA", Data(repeating: 0, count: 64).base64EncodedString()] {
        let garbage = ManifestText.envelope(manifest.text, signatures: [(id, signature)])
        expectProblem(try await desk.register(garbage), 403, "wrong-signature", signature)
      }
      let noBase64 = ManifestText.envelope(manifest.text, signatures: [(id, "!no base64!")])
      expectProblem(try await desk.register(noBase64), 400, "malformed-manifest")
      let many = ManifestText.envelope(manifest.text, signatures: Array(repeating: (id, "AAAA"), count: 1000))
      expectProblem(try await desk.register(many), 400, "malformed-manifest")
      try await expectNoFirmware(desk)
      #expect(try await desk.register(try manifest.envelope(signedBy: desk.key)).status == 201)
    }
  }

  @Test func aRevokedKeyMakesNoFirmwareAndStaysRevoked() async throws {
    try await withDesk { desk, manifest in
      let kept = try await desk.register(try manifest.envelope(signedBy: desk.key))
      #expect(kept.status == 201)
      let id = try desk.key.publicKey.id
      #expect(try await desk.server.operate("DELETE", "/api/v1/models/m/keys/\(id)").status == 200)
      var next = manifest
      next.version = "1.0.1"
      next.sequence = 101
      expectProblem(try await desk.register(try next.envelope(signedBy: desk.key)), 403, "revoked-key")
      let body = Array(try JSONEncoder().encode(["pem": try desk.key.publicKey.pem]))
      expectProblem(try await desk.server.operate("POST", "/api/v1/models/m/keys", body), 403, "revoked-key")
      expectProblem(try await desk.register(try next.envelope(signedBy: desk.key)), 403, "revoked-key")
      // What it signed before stays.
      let list = try await desk.server.operate("GET", "/api/v1/firmwares")
      #expect(list.json?["firmwares"]?.elements?.compactMap { $0["id"] } == [kept.json?["id"]].compactMap { $0 })
    }
  }

  @Test func aManifestForWhatIsNotThereOrNotThatIsRefused() async throws {
    try await withDesk { desk, manifest in
      func refused(
        _ status: Int, _ code: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ change: (inout ManifestText) -> Void
      ) async throws {
        var changed = manifest
        change(&changed)
        let answer = try await desk.register(try changed.envelope(signedBy: desk.key))
        expectProblem(answer, status, code, changed.text, sourceLocation: sourceLocation)
      }
      let other = try await EngineersDesk(desk.server, model: "other", mcus: ["u"])
      expectProblem(try await desk.register(try manifest.envelope(signedBy: other.key)), 403, "untrusted-key")
      try await refused(403, "untrusted-key") { $0.model = "other" }
      try await refused(404, "unknown-model") { $0.model = "nobody" }
      try await refused(404, "unknown-mcu") { $0.mcu = "U" }
      try await refused(422, "image-missing") { $0.sha256 = imageBytes(3, seed: 1).sha256 }
      try await refused(422, "image-differs") { $0.size += 1 }
      try await refused(422, "image-differs") { $0.size = 0 }
      try await refused(422, "image-differs") { $0.size = -1 }
      try await refused(400, "malformed-manifest") { $0.sequence = 0 }
      try await refused(400, "malformed-manifest") { $0.sequence = -5 }
      try await refused(400, "malformed-manifest") { $0.sequence = Int64.max }
      try await refused(400, "malformed-manifest") { $0.version = "" }
      try await refused(400, "malformed-manifest") { $0.version = String(repeating: "1", count: 65) }
      try await refused(400, "malformed-manifest") { $0.version = " 1" }
      try await refused(400, "malformed-manifest") { $0.version = "1\\u0000" }
      try await refused(400, "malformed-manifest") { $0.sha256 = String($0.sha256.dropLast()) }
      try await refused(400, "malformed-manifest") { $0.sha256 = $0.sha256.uppercased() }
      try await refused(400, "malformed-manifest") { $0.createdAt = "yesterday" }
      try await expectNoFirmware(desk)
    }
  }

  @Test func onlyTheCanonicalFormIsRead() async throws {
    try await withDesk { desk, manifest in
      let text = manifest.text
      let forms = [
        text + "\n", " " + text, text.replacingOccurrences(of: ":", with: ": "), "", "{}", "[]", "null", "\u{0}",
        text.replacingOccurrences(of: "{", with: "{\"extra\":1,"),
        text.replacingOccurrences(of: ",\"size\":5000", with: ""),
        text.replacingOccurrences(of: "\"size\":5000", with: "\"size\":5000.0"),
        text.replacingOccurrences(of: "\"size\":5000", with: "\"size\":\"5000\""),
        text.replacingOccurrences(of: "\"size\":5000", with: "\"size\":5e3"),
        text.replacingOccurrences(of: "\"sequence\":100", with: "\"sequence\":100,\"sequence\":100"),
        text.replacingOccurrences(of: "\"model\":\"m\"", with: "\"model\":\"\\u006d\""),
        text.replacingOccurrences(of: ".678Z", with: "Z"),
        text.replacingOccurrences(of: ".678Z", with: ".678+00:00"),
        text.replacingOccurrences(of: "\"version\":\"1.0.0\"", with: "\"version\":\"\(String(repeating: "1", count: 9000))\""),
        String(repeating: "[", count: 10_000),
      ]
      for form in forms {
        let answer = try await desk.register(try ManifestText.envelope(form, signedBy: desk.key))
        expectProblem(answer, 400, "malformed-manifest", String(form.prefix(300)))
      }
      let otherType = try ManifestText.envelope(text, type: "application/json", signedBy: desk.key)
      expectProblem(try await desk.register(otherType), 400, "malformed-manifest")
      // Signed as another type, claimed as ours: the type is part of what is signed.
      let claimed = otherType.replacingOccurrences(of: "application/json", with: ManifestText.payloadType)
      expectProblem(try await desk.register(claimed), 403, "wrong-signature")
      let good = try manifest.envelope(signedBy: desk.key)
      let payload = Data(text.utf8).base64EncodedString()
      for garbage in ["%%%", "====", "YQ=", payload + "=", String(payload.dropLast(3))] {
        let answer = try await desk.register(good.replacingOccurrences(of: payload, with: garbage))
        expectProblem(answer, 400, "malformed-manifest", garbage)
      }
      try await expectNoFirmware(desk)
    }
  }

  @Test func anOldSequenceIsNotReplayedAndAVersionKeepsItsBytes() async throws {
    try await withDesk { desk, manifest in
      let other = imageBytes(6000, seed: 22)
      try await desk.store(other)
      #expect(try await desk.register(try manifest.envelope(signedBy: desk.key)).status == 201)
      func next(_ version: String, _ sequence: Int64) -> ManifestText {
        ManifestText(mcu: "u", model: "m", sequence: sequence, sha256: other.sha256, size: other.count, version: version)
      }
      for sequence in [1, 99, 100] as [Int64] {
        let answer = try await desk.register(try next("1.0.1", sequence).envelope(signedBy: desk.key))
        expectProblem(answer, 409, "sequence-too-old", "\(sequence)")
      }
      for sequence in [1, 100, 101] as [Int64] {
        let answer = try await desk.register(try next("1.0.0", sequence).envelope(signedBy: desk.key))
        expectProblem(answer, 409, "version-taken", "\(sequence)")
      }
      #expect(try await desk.register(try next("1.0.1", 101).envelope(signedBy: desk.key)).status == 201)
      // The first one again is a repeat, not a replay: it changes nothing.
      #expect(try await desk.register(try manifest.envelope(signedBy: desk.key)).status == 200)
      let model = try await desk.server.operate("GET", "/api/v1/models/m")
      #expect(model.json?["mcus"]?.elements?.first?["newestSequence"] == .integer(101))
    }
  }

  @Test func aRepeatIsASuccessThatChangesNothingUnlessItPublishes() async throws {
    try await withDesk { desk, manifest in
      let server = desk.server
      func state() async throws -> [String] {
        var texts: [String] = []
        for path in ["firmwares", "audit", "models/m", "status"] {
          texts.append(try await server.operate("GET", "/api/v1/\(path)").text)
        }
        return texts
      }
      let envelope = try manifest.envelope(signedBy: desk.key)
      let first = try await desk.register(envelope)
      #expect(first.status == 201)
      let before = try await state()
      let again = try await desk.register(envelope)
      #expect(again.status == 200)
      #expect(again.body == first.body)
      // Signed anew, with another time and a larger sequence, by another trusted key too.
      var anew = manifest
      anew.createdAt = "2026-02-02T03:04:05.678Z"
      anew.sequence = 5000
      let resigned = try await desk.register(try anew.envelope(signedBy: desk.key))
      #expect(resigned.status == 200)
      #expect(resigned.body == first.body)
      #expect(try await state() == before)
      let token = try await desk.activateThings(1)[0]
      #expect(try await desk.poll(token).json?["firmwares"] == .array([]))
      let published = try await desk.register(try anew.envelope(signedBy: desk.key), publish: true)
      #expect(published.status == 200)
      #expect(published.json?["id"] == first.json?["id"])
      #expect(published.json?["sequence"] == .integer(100))
      #expect(published.json?["publishedAt"]?.text != nil)
      let offer = try await desk.poll(token).json?["firmwares"]?.elements
      #expect(offer?.map { $0["_id"] } == [first.json?["id"]])
      #expect(offer?.first?["sequence"] == .integer(100))
      // The manifest that is served is the one that was registered.
      let id = try #require(first.json?["id"]?.text)
      let served = try await server.operate("GET", "/api/v1/firmwares/\(id)/manifest")
      #expect(served.json?["payload"]?.text == Data(manifest.text.utf8).base64EncodedString())
    }
  }

  @Test func aModelWithNumericVersionsTakesOnlyWholeNumbers() async throws {
    try await withDesk(numericVersions: true) { desk, manifest in
      for version in ["1.0", "v1", "1a", "-1", "+1", "1e3", "٣", "0x10", "1000000000000000"] {
        var wrong = manifest
        wrong.version = version
        let answer = try await desk.register(try wrong.envelope(signedBy: desk.key))
        expectProblem(answer, 422, "version-not-numeric", version)
      }
      try await expectNoFirmware(desk)
      #expect(try await desk.register(try manifest.envelope(signedBy: desk.key)).status == 201)
    }
  }

  @Test func anImageThatContradictsItsManifestIsRefused() async throws {
    try await withDesk(mcu: "ESP32-S3") { desk, manifest in
      func refused(_ image: [UInt8], _ comment: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await desk.store(image)
        var changed = manifest
        changed.sha256 = image.sha256
        changed.size = image.count
        let answer = try await desk.register(try changed.envelope(signedBy: desk.key))
        expectProblem(answer, 422, "image-contradicts", comment, sourceLocation: sourceLocation)
      }
      try await refused(ESPSample.image(chip: 5), "built for an ESP32-C3")
      var flipped = ESPSample.image(chip: 9)
      flipped[40] ^= 1
      try await refused(flipped, "its check sum does not fit")
      try await refused(Array(ESPSample.image(chip: 9).dropLast(40)), "it is cut")
      try await expectNoFirmware(desk)
      let right = ESPSample.image(chip: 9)
      try await desk.store(right)
      var good = manifest
      good.sha256 = right.sha256
      good.size = right.count
      let registered = try await desk.register(try good.envelope(signedBy: desk.key))
      #expect(registered.status == 201, "\(registered.text)")
      #expect(registered.json?["format"]?.text == "esp-idf")
      #expect(registered.json?["formatDetails"]?["chip"]?.text == "esp32s3")
    }
  }
}

/// The smallest image of the form that ESP-IDF builds: a header, one segment, its check sum, and the SHA-256 of it all.
enum ESPSample {
  /// - Parameters:
  ///   - chip: the chip's id in the header: 5 is the ESP32-C3, 9 the ESP32-S3.
  ///   - size: bytes of the segment's data.
  static func image(chip: UInt8, size: UInt32 = 96) -> [UInt8] {
    var image = [UInt8](repeating: 0, count: 24)
    (image[0], image[1], image[2], image[0x0C], image[0x17]) = (0xE9, 1, 2, chip, 1)
    let data = (0..<size).map { UInt8(truncatingIfNeeded: $0) }
    image += [0, 0, 0x80, 0x3F] + (0..<4).map { UInt8(truncatingIfNeeded: size >> (8 * $0)) } + data
    image += [UInt8](repeating: 0, count: 15 - image.count % 16)
    image.append(data.reduce(0xEF, ^))
    return image + SHA256Hasher.digest(of: image)
  }
}
