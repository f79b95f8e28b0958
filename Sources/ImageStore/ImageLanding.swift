import Cryptography
public import Domain
import Glibc
public import NIOCore
import Synchronization

extension ImageStore {
  /// Takes the bytes of an image as `body` feeds them, and lands the image when it returns.
  ///
  /// Whatever happens, nothing half-done stays: an upload that `body` breaks off keeps its bytes for continuing; wrong bytes,
  /// too many bytes and a full disk leave nothing.
  /// - Parameters:
  ///   - offset: how many bytes the sender leaves out because they have arrived before; 0 starts anew.
  ///   - body: calls `append` with each piece, in order.
  /// - Throws: `ImageStoreError`, or what `body` throws.
  public func receive(
    _ digest: ImageDigest, continuingAt offset: Int64 = 0, from body: (ImageLanding) async throws -> Void
  ) async throws -> LandedImage {
    guard underWay.withLock({ $0.insert(digest).inserted }) else {
      throw ImageStoreError(.busy, "another upload of this image is under way")
    }
    defer { _ = underWay.withLock { $0.remove(digest) } }
    let upload = try await begin(digest, offset)
    do {
      try await body(upload)
    } catch let error as ImageStoreError {
      try await discard(digest)
      throw error
    } catch {
      try? await upload.flush()
      throw error
    }
    do {
      return try await land(upload)
    } catch {
      try await discard(digest)
      throw error
    }
  }

  private func begin(_ digest: ImageDigest, _ offset: Int64) async throws -> ImageLanding {
    let largest = largestImage
    return try await background.run { [layout, background] in
      let received = try FileTree.describe(layout.partial(digest))?.size ?? 0
      guard offset <= received else {
        throw ImageStoreError(.wrongOffset, "\(received) bytes of this image have arrived", received: received)
      }
      let file = try FileDescriptor(layout.partial(digest), O_RDWR | O_CREAT)
      try file.truncate(to: offset)
      let hasher = ImageHasher()
      try file.feed(0..<offset) { hasher.update($0) }
      return ImageLanding(digest: digest, file: file, hasher: hasher, offset: offset, largest: largest, background: background)
    }
  }

  private func land(_ upload: ImageLanding) async throws -> LandedImage {
    try await upload.flush()
    let digest = upload.digest
    let landed = try await background.run { [layout] in
      let made = upload.hasher.finish()
      guard made.digest == digest else {
        throw ImageStoreError(.digestMismatch, "the bytes sent are not the image \(digest): send it again from the start")
      }
      try upload.file.synchronize()
      let folder = layout.folder(of: digest)
      if try FileTree.describe(folder) == nil {
        try FileTree.makeFolder(folder)
        try FileTree.synchronizeFolder(layout.digests)
      }
      let size = try upload.file.size
      try FileTree.rename(layout.partial(digest), layout.image(digest))
      try FileTree.synchronizeFolder(folder)
      return LandedImage(size: size, otherDigests: made.others)
    }
    damaged.withLock { _ = $0.remove(digest) }
    return landed
  }

  private func discard(_ digest: ImageDigest) async throws {
    try await background.run { [layout] in try FileTree.remove(layout.partial(digest)) }
  }
}

/// An image that has landed.
public struct LandedImage: Sendable, Hashable {
  /// Bytes.
  public let size: Int64
  /// Made of the same bytes in the same pass; nil where this computer cannot make them.
  public let otherDigests: OtherDigests?
}

/// An upload under way. It belongs to the one task that feeds it.
public final class ImageLanding: @unchecked Sendable {
  /// Pieces are gathered to this many bytes before a thread is bothered with them.
  static let pieceSize = 512 * 1024

  let digest: ImageDigest
  let file: FileDescriptor
  let hasher: ImageHasher
  private let largest: Int64
  private let background: BackgroundThreads
  private var offset: Int64
  private var gathered = ByteBuffer()

  init(
    digest: ImageDigest, file: FileDescriptor, hasher: ImageHasher, offset: Int64, largest: Int64,
    background: BackgroundThreads
  ) {
    self.digest = digest
    self.file = file
    self.hasher = hasher
    self.offset = offset
    self.largest = largest
    self.background = background
  }

  /// - Throws: `tooLarge`, `diskFull` or `failed`.
  public func append(_ bytes: ByteBuffer) async throws {
    guard offset + Int64(gathered.readableBytes + bytes.readableBytes) <= largest else {
      throw ImageStoreError(.tooLarge, "an image may have \(largest) bytes at most")
    }
    gathered.writeImmutableBuffer(bytes)
    if gathered.readableBytes >= Self.pieceSize { try await flush() }
  }

  func flush() async throws {
    let piece = gathered
    guard piece.readableBytes > 0 else { return }
    gathered.clear()
    let (file, hasher, start) = (file, hasher, offset)
    try await background.run {
      try piece.withUnsafeReadableBytes { bytes in
        try file.write(bytes, at: start)
        hasher.update(bytes)
      }
    }
    offset += Int64(piece.readableBytes)
  }
}

extension FileDescriptor {
  static let reading = O_RDONLY

  /// Calls `body` with the bytes of the range, piece by piece.
  func feed(_ range: Range<Int64>, to body: (UnsafeRawBufferPointer) throws -> Void) throws {
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
    defer { piece.deallocate() }
    var offset = range.lowerBound
    while offset < range.upperBound {
      let wanted = UnsafeMutableRawBufferPointer(
        rebasing: piece.prefix(Int(min(Int64(piece.count), range.upperBound - offset))))
      let count = try read(into: wanted, at: offset)
      guard count > 0 else { throw ImageStoreError(.failed, "the file ends before its range does") }
      try body(UnsafeRawBufferPointer(rebasing: piece.prefix(count)))
      offset += Int64(count)
    }
  }

  func digest(of range: Range<Int64>) throws -> ImageDigest {
    let hasher = SHA256Hasher()
    try feed(range) { hasher.update($0) }
    guard let digest = ImageDigest(bytes: hasher.finish()) else { preconditionFailure("SHA-256 has 32 bytes") }
    return digest
  }
}
