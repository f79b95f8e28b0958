import APIContract
import Cryptography
import Domain
import Foundation
import Signing

/// What an engineer says about an image, and the key that vouches for it: everything that is signed on their machine.
struct ManifestSigning: Sendable {
  let model: String
  let mcu: String
  let version: String
  let key: PrivateKey
  /// What must be true of a thing that is to get it, as an RSQL expression.
  var requires: String?

  /// The sequence of whoever does not ask the server: the Unix time in seconds.
  static var usualSequence: Int64 { Int64(Date().timeIntervalSince1970) }

  /// - Throws: `CommandFailure` for a text that is no version.
  var checkedVersion: FirmwareVersion {
    get throws {
      guard let version = FirmwareVersion(version) else {
        throw CommandFailure("the version must be 1 to 64 printable characters without a blank at its ends")
      }
      return version
    }
  }

  /// The manifest of an image as it is now, signed.
  func sign(_ image: ImageFile, sequence: Int64) throws -> EnvelopeShape {
    let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
    let manifest = FirmwareManifest(
      createdAt: now, mcu: mcu, model: model, requires: requires, sequence: sequence, sha256: image.digest, size: image.size,
      version: version)
    let envelope = try SignedEnvelope.sign(manifest, with: key)
    return EnvelopeShape(
      payloadType: envelope.payloadType, payload: envelope.payload,
      signatures: envelope.signatures.map { EnvelopeSignature(keyid: $0.keyid, sig: $0.sig) })
  }
}
