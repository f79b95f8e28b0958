public import Cryptography
import Foundation

/// A public key as a model knows it.
public struct KnownKey: Sendable {
  public let key: PublicKey
  public let isRevoked: Bool

  public init(key: PublicKey, isRevoked: Bool) {
    self.key = key
    self.isRevoked = isRevoked
  }
}

/// A manifest whose signature was checked. Only `SignedEnvelope` makes one, so the compiler answers "was this verified?".
public struct VerifiedManifest: Sendable {
  public let manifest: FirmwareManifest
  /// The key that vouches for it.
  public let keyID: String
}

extension SignedEnvelope {
  /// The most signatures that are looked at.
  public static let mostSignatures = 8

  /// The manifest as claimed, not verified: good for finding the model whose keys shall verify it, and for nothing else.
  public func claimedManifest() throws -> FirmwareManifest { try FirmwareManifest(canonicalBytes: payloadBytes()) }

  /// Checks the envelope against the keys of a model: one valid signature by one trusted key is needed.
  /// - Throws: `SigningError`, and never returns a manifest that no trusted key signed.
  public func verify(with keys: [KnownKey]) throws -> VerifiedManifest {
    let bytes = try payloadBytes()
    let encoded = Self.preAuthenticationEncoding(of: bytes)
    guard !signatures.isEmpty else { throw SigningError(.unsigned, "the manifest is not signed") }
    guard signatures.count <= Self.mostSignatures else {
      throw SigningError(.malformedEnvelope, "more than \(Self.mostSignatures) signatures")
    }
    var refusal = SigningError(.untrustedKey, "signed by a key that this model does not trust")
    for signature in signatures {
      guard let known = keys.first(where: { $0.key.id == signature.keyid }) else { continue }
      guard let signatureBytes = Self.decode(signature.sig) else {
        throw SigningError(.malformedEnvelope, "a signature is not base64")
      }
      guard known.key.verifies(signatureBytes, over: encoded) else {
        refusal = SigningError(.wrongSignature, "the signature does not fit the manifest")
        continue
      }
      guard !known.isRevoked else {
        refusal = SigningError(.revokedKey, "signed by a key that was revoked for this model")
        continue
      }
      return VerifiedManifest(manifest: try FirmwareManifest(canonicalBytes: bytes), keyID: known.key.id)
    }
    throw refusal
  }

  private func payloadBytes() throws -> [UInt8] {
    guard payloadType == Self.payloadType else {
      throw SigningError(.malformedEnvelope, "the payload type is not \(Self.payloadType)")
    }
    guard let bytes = Self.decode(payload) else { throw SigningError(.malformedEnvelope, "the payload is not base64") }
    return bytes
  }

  /// Reads base64 (RFC 4648, section 4) in its one canonical form, so that an envelope cannot be written in two ways.
  private static func decode(_ text: String) -> [UInt8]? {
    Data(base64Encoded: text).flatMap { $0.base64EncodedString() == text ? Array($0) : nil }
  }
}
