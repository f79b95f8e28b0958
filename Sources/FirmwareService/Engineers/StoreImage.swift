import Catalog
import Cryptography
public import Domain
import ImageStore
import Logging
import Metrics
public import NIOCore

/// An upload of image bytes as it comes in.
public struct IncomingImage: Sendable {
  let upload: ImageLanding

  /// Takes the next bytes.
  /// - Throws: `imageTooLarge`, `diskFull`: nothing of the image is kept then.
  public func append(_ bytes: ByteBuffer) async throws { try await upload.append(bytes) }
}

extension FirmwareService {
  /// What is stored of an image.
  public enum StoredBytes: Sendable, Hashable {
    case whole(size: Int64)
    /// So many bytes have arrived in an upload that was cut; the next may continue there.
    case partial(received: Int64)
  }

  /// The digest of no bytes at all.
  private static let emptyImage = ImageDigest(bytes: SHA256Hasher.digest(of: [UInt8]()))

  public func storedBytes(of digest: ImageDigest) async throws -> StoredBytes {
    try await translatingErrors {
      if let size = try await images.size(of: digest) { return .whole(size: size) }
      return .partial(received: try await images.received(of: digest))
    }
  }

  /// Takes an image: its bytes land under their digest, then its row is written. Bytes before row, so a row never points at
  /// nothing.
  /// - Parameters:
  ///   - offset: how many bytes the sender leaves out because they arrived before.
  ///   - body: appends the bytes in order; when it throws, what arrived is kept for continuing.
  /// - Returns: the size in bytes, and whether the image is new.
  public func storeImage(
    _ digest: ImageDigest, continuingAt offset: Int64, by actor: String, from body: (IncomingImage) async throws -> Void
  ) async throws -> (size: Int64, isNew: Bool) {
    let audit = AuditEntry(at: clock(), actor: actor, action: "image.store", subject: "\(digest)")
    return try await translatingErrors {
      if let size = try await images.size(of: digest) {
        try await catalog.recordImage(digest, size: size, at: clock(), audit: audit)
        return (size, false)
      }
      guard digest != Self.emptyImage else { throw ServiceError(.malformed, "an image has at least one byte") }
      let landed = try await images.receive(digest, continuingAt: offset) { try await body(IncomingImage(upload: $0)) }
      try await catalog.recordImage(
        digest, size: landed.size, otherDigests: landed.otherDigests, at: clock(), audit: audit)
      // The bytes of a firmware may have been missing or damaged until now.
      let completed = releases.snapshot.firmwares.contains { $0.digest == digest && $0.otherDigests != landed.otherDigests }
      if completed { try await reloadReleases() }
      figures.uploads.increment()
      log.info("image stored", metadata: ["digest": "\(digest)", "size": "\(landed.size)"])
      return (landed.size, true)
    }
  }
}
