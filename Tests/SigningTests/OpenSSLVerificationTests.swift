import Cryptography
import Foundation
import Signing
import TestSupport
import Testing

/// What the README promises: an image is verified with nothing but the openssl program.
@Suite("With the openssl program alone") struct OpenSSLVerificationTests {
  @Test(arguments: KeyAlgorithm.allCases)
  func `an envelope is verified by its payload and the public key`(algorithm: KeyAlgorithm) throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("firmament-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let key = try PrivateKey.generate(algorithm)
    let envelope = try SignedEnvelope.sign(.sample, with: key)
    let payload = try #require(Data(base64Encoded: envelope.payload))
    let signature = try #require(Data(base64Encoded: envelope.signatures[0].sig))
    // By hand, not by the code under test.
    let type = "application/vnd.firmament.manifest+json"
    let signed = Data("DSSEv1 \(type.utf8.count) \(type) \(payload.count) ".utf8) + payload
    try signed.write(to: folder.appendingPathComponent("signed"))
    try signature.write(to: folder.appendingPathComponent("sig"))
    try Data(key.publicKey.pem.utf8).write(to: folder.appendingPathComponent("public.pem"))
    #expect(try verify(algorithm, in: folder) == 0)
    try (signed + Data([0])).write(to: folder.appendingPathComponent("signed"))
    #expect(try verify(algorithm, in: folder) != 0)
  }

  private func verify(_ algorithm: KeyAlgorithm, in folder: URL) throws -> Int32 {
    let arguments =
      switch algorithm {
      case .ed25519: ["pkeyutl", "-verify", "-pubin", "-inkey", "public.pem", "-rawin", "-in", "signed", "-sigfile", "sig"]
      case .ecdsaP256: ["dgst", "-sha256", "-verify", "public.pem", "-signature", "sig", "signed"]
      }
    return try ChildProcess("openssl", arguments, in: folder.path, errors: .nothing).wait()
  }
}
