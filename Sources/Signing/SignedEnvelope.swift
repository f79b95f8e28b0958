public import Cryptography
import Foundation

/// A DSSE envelope (secure-systems-lab/dsse, protocol and envelope version 1) around a manifest.
public struct SignedEnvelope: Sendable, Hashable, Codable {
  public static let payloadType = "application/vnd.firmament.manifest+json"

  public struct Signature: Sendable, Hashable, Codable {
    /// The id of the key: SHA-256 of its DER, hexadecimal.
    public let keyid: String
    /// Base64.
    public let sig: String

    public init(keyid: String, sig: String) {
      self.keyid = keyid
      self.sig = sig
    }
  }

  public let payloadType: String
  /// Base64 of the manifest's bytes.
  public let payload: String
  public let signatures: [Signature]

  public init(payloadType: String, payload: String, signatures: [Signature]) {
    self.payloadType = payloadType
    self.payload = payload
    self.signatures = signatures
  }

  public static func sign(_ manifest: FirmwareManifest, with key: PrivateKey) throws -> SignedEnvelope {
    let bytes = manifest.canonicalBytes
    let signature = try key.sign(preAuthenticationEncoding(of: bytes))
    return SignedEnvelope(
      payloadType: payloadType, payload: Data(bytes).base64EncodedString(),
      signatures: [Signature(keyid: try key.publicKey.id, sig: Data(signature).base64EncodedString())])
  }

  /// What is signed: `DSSEv1 SP LEN(type) SP type SP LEN(body) SP body` (DSSE protocol, "PAE").
  public static func preAuthenticationEncoding(of payload: [UInt8]) -> [UInt8] {
    Array("DSSEv1 \(payloadType.utf8.count) \(payloadType) \(payload.count) ".utf8) + payload
  }

  /// The envelope as compact JSON with sorted keys: how it is stored and sent.
  public var jsonBytes: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("an envelope always has a JSON form") }
    return Array(data)
  }

  public init(jsonBytes: [UInt8]) throws {
    guard let envelope = try? JSONDecoder().decode(SignedEnvelope.self, from: Data(jsonBytes)) else {
      throw SigningError(.malformedEnvelope, "not a DSSE envelope: payloadType, payload and signatures are needed")
    }
    self = envelope
  }
}
