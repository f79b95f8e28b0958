import Cryptography
import Domain

/// The digests of an image whose bytes arrive in pieces, in one pass.
///
/// A hasher belongs to whoever feeds it: it is not shared between tasks at once.
struct ImageHasher: Sendable {
  private let sha256 = SHA256Hasher()
  private let legacy: LegacyDigestHasher?

  /// - Parameter legacy: nil where this computer's OpenSSL has no such digests: then the image does without them.
  init(legacy: LegacyDigestHasher? = LegacyDigestHasher()) { self.legacy = legacy }

  func update(_ bytes: UnsafeRawBufferPointer) {
    sha256.update(bytes)
    legacy?.update(bytes)
  }

  func finish() -> (digest: ImageDigest, others: OtherDigests?) {
    guard let digest = ImageDigest(bytes: sha256.finish()) else { preconditionFailure("SHA-256 has 32 bytes") }
    let others = legacy.map { legacy in
      let made = legacy.finish()
      return OtherDigests(sha1: Hexadecimal.encode(made.sha1), md5: Hexadecimal.encode(made.md5))
    }
    return (digest, others)
  }
}
