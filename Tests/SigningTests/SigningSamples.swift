import Cryptography
import Domain
import Signing

extension FirmwareManifest {
  static let sample = FirmwareManifest(
    createdAt: Timestamp(milliseconds: 1_750_000_000_123), mcu: "i.MX 8M Mini", model: "greatfet/one", sequence: 1_750_000_000,
    sha256: ImageDigest(bytes: SHA256Hasher.digest(of: "image"))!, size: 65_536, version: "2024.0.1")
}

extension PublicKey {
  var trusted: KnownKey { KnownKey(key: self, isRevoked: false) }
  var revoked: KnownKey { KnownKey(key: self, isRevoked: true) }
}
