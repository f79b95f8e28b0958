public import Domain
import Foundation

/// What an engineer's offline key vouches for: these bytes, for this MCU of this model, under this version.
///
/// Its bytes are a JSON object with sorted keys and no white space. Only that form is read, so what was signed, what is shown
/// and what is stored can never be three different things.
public struct FirmwareManifest: Sendable, Hashable, Codable {
  public let createdAt: Timestamp
  public let mcu: String
  public let model: String
  /// What must be true of a thing that is to get it, as an RSQL expression; absent for nothing.
  public let requires: String?
  /// Grows with every firmware of the same model and MCU: an old manifest cannot be replayed.
  public let sequence: Int64
  public let sha256: ImageDigest
  /// Bytes of the image.
  public let size: Int64
  public let version: String

  public init(
    createdAt: Timestamp, mcu: String, model: String, requires: String? = nil, sequence: Int64, sha256: ImageDigest,
    size: Int64, version: String
  ) {
    self.createdAt = createdAt
    self.mcu = mcu
    self.model = model
    self.requires = requires
    self.sequence = sequence
    self.sha256 = sha256
    self.size = size
    self.version = version
  }

  /// The largest manifest that is read, in bytes.
  public static let largest = 4096

  /// The bytes that are signed.
  public var canonicalBytes: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(self) else { preconditionFailure("a manifest always has a JSON form") }
    return Array(data)
  }

  /// - Throws: `malformedManifest` unless the bytes are exactly what `canonicalBytes` gives.
  public init(canonicalBytes bytes: [UInt8]) throws {
    guard bytes.count <= Self.largest, let manifest = try? JSONDecoder().decode(FirmwareManifest.self, from: Data(bytes)) else {
      throw SigningError(
        .malformedManifest,
        "the manifest is not a JSON object of createdAt, mcu, model, sequence, sha256, size, version and perhaps requires")
    }
    guard manifest.canonicalBytes == bytes else {
      throw SigningError(
        .malformedManifest, "the manifest is not canonical: sorted keys, no white space, times as 2026-01-02T03:04:05.678Z")
    }
    self = manifest
  }
}
