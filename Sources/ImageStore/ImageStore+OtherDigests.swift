import Cryptography
public import Domain
import Synchronization

extension ImageStore {
  /// Whether this computer's OpenSSL has the other digests at all: kept to FIPS 140, it may not.
  public static var canMakeOtherDigests: Bool { LegacyDigestHasher() != nil }

  /// Bytes that are hashed before an upload that waits for the same thread has a turn.
  private static let turn: Int64 = 1024 * 1024

  /// The other digests of an image that was stored without them, of its bytes on the disk. In small turns: who uploads
  /// meanwhile hardly waits.
  /// - Returns: nil where this computer cannot make them.
  /// - Throws: `missing` where there is no such image, `damaged` where its bytes have changed, `CancellationError`.
  public func otherDigests(of digest: ImageDigest) async throws -> OtherDigests? {
    guard let legacy = LegacyDigestHasher() else { return nil }
    let hasher = ImageHasher(legacy: legacy)
    let (file, size) = try await background.run { [layout] in
      let file = try FileDescriptor(layout.image(digest), FileDescriptor.reading)
      return (file, try file.size)
    }
    for start in stride(from: 0, to: size, by: Int(Self.turn)) {
      try Task.checkCancellation()
      try await background.run { try file.feed(start..<min(start + Self.turn, size)) { hasher.update($0) } }
    }
    let made = hasher.finish()
    guard made.digest == digest else {
      damaged.withLock { _ = $0.insert(digest) }
      throw ImageStoreError(.damaged, "the stored image \(digest) is damaged")
    }
    return made.others
  }
}
