import Cryptography
public import Domain
public import NIOCore
import NIOPosix
import Synchronization

extension ImageStore {
  /// Images up to this size are held in memory while they are hot; larger ones are read from the disk as they are sent.
  public static let largestHotImage: Int64 = 16 * 1024 * 1024

  /// Opens an image for reading. Its bytes are hashed before the first of them is given away, each time that it is taken into
  /// memory and else once: a disk that has changed a byte must not brick a device. Whoever asks meanwhile waits for the same
  /// hash.
  /// - Throws: `missing` where there is none, `damaged` where its bytes have changed.
  public func open(_ digest: ImageDigest) async throws -> StoredImage {
    if let image = openHot(digest) { return image }
    let opening = opening.withLock { opening in
      if let known = opening[digest] { return known }
      let new = Task { try await load(digest) }
      opening[digest] = new
      return new
    }
    return try await opening.value
  }

  /// Opens an image that is in memory; nil for one that is not.
  public func openHot(_ digest: ImageDigest) -> StoredImage? {
    hot.image(of: digest).map { StoredImage(digest: digest, source: .memory($0), pool: pool) }
  }

  private func load(_ digest: ImageDigest) async throws -> StoredImage {
    defer { opening.withLock { $0[digest] = nil } }
    let isVerified = verified.withLock { $0.contains(digest) }
    let image: StoredImage
    do {
      image = try await read(digest, isVerified: isVerified)
    } catch let error as ImageStoreError where error.code == .damaged {
      damaged.withLock { _ = $0.insert(digest) }
      throw error
    }
    switch image.source {
    case .memory(let image): hot.keep(image, of: digest)
    case .file: verified.withLock { _ = $0.insert(digest) }
    }
    return image
  }

  private func read(_ digest: ImageDigest, isVerified: Bool) async throws -> StoredImage {
    let largestInMemory = min(Self.largestHotImage, Int64(hot.limit))
    return try await pool.runIfActive { [layout, pool, hot] in
      let file = try FileDescriptor(layout.image(digest), FileDescriptor.reading)
      let size = try file.size
      guard size <= largestInMemory else {
        if !isVerified { try Self.check(try file.digest(of: 0..<size).bytes, digest) }
        return StoredImage(digest: digest, source: .file(file, size: size), pool: pool)
      }
      let bytes = try file.bytes(0..<size)
      try Self.check(SHA256Hasher.digest(of: Array(bytes.readableBytesView)), digest)
      return StoredImage(digest: digest, source: .memory(HotImage(bytes, mostBytes: hot.limit)), pool: pool)
    }
  }

  private static func check(_ hash: [UInt8], _ digest: ImageDigest) throws {
    guard hash == digest.bytes else { throw ImageStoreError(.damaged, "the stored image \(digest) is damaged") }
  }
}

extension ImageStore {
  /// Lets `body` read an image from its file, blocking, on a thread in the background. Nothing of it is kept in memory.
  public func inspect<Value: Sendable>(
    _ digest: ImageDigest, _ body: @escaping @Sendable (StoredImage) throws -> Value
  ) async throws -> Value {
    try await background.run { [layout, pool] in
      let file = try FileDescriptor(layout.image(digest), FileDescriptor.reading)
      return try body(StoredImage(digest: digest, source: .file(file, size: try file.size), pool: pool))
    }
  }
}

/// An image that can be read by range. Its bytes never change.
public struct StoredImage: Sendable {
  enum Source: Sendable {
    case memory(HotImage)
    case file(FileDescriptor, size: Int64)
  }

  public let digest: ImageDigest
  let source: Source
  let pool: NIOThreadPool

  /// Bytes read from a file at a time.
  public static let pieceSize: Int64 = 256 * 1024
  /// Bytes of a long range that are sent from memory, before the system sends the rest from the image's file, at less cost.
  /// All of it by the system takes longer (`docs/performance.md`).
  public static let leadSize = 256 * 1024

  /// Bytes.
  public var size: Int64 {
    switch source {
    case .memory(let image): Int64(image.bytes.readableBytes)
    case .file(_, let size): size
    }
  }

  /// The bytes of the range where they are in memory: a slice, not a copy.
  public func slice(_ range: Range<Int64>) -> ByteBuffer? {
    guard case .memory(let image) = source else { return nil }
    let bytes = image.bytes
    return bytes.getSlice(at: bytes.readerIndex + Int(range.lowerBound), length: range.count)
  }

  /// The bytes of the range. Keep it to `pieceSize`: a range of a file is read whole.
  /// - Precondition: the range lies within the image.
  public func read(_ range: Range<Int64>) async throws -> ByteBuffer {
    switch source {
    case .memory:
      guard let slice = slice(range) else { throw ImageStoreError(.failed, "the range lies outside the image") }
      return slice
    case .file(let file, _):
      return try await pool.runIfActive { try file.bytes(range) }
    }
  }

  /// The bytes of the range, blocking: for a caller that is on a thread of its own.
  public func readBlocking(_ range: Range<Int64>) throws -> [UInt8] {
    if let slice = slice(range) { return Array(slice.readableBytesView) }
    guard case .file(let file, _) = source else { throw ImageStoreError(.failed, "the range lies outside the image") }
    return Array(try file.bytes(range).readableBytesView)
  }

  /// SHA-256 of a range, blocking.
  public func digestBlocking(of range: Range<Int64>) throws -> ImageDigest {
    switch source {
    case .memory:
      guard let slice = slice(range),
        let digest = ImageDigest(bytes: SHA256Hasher.digest(of: Array(slice.readableBytesView)))
      else { throw ImageStoreError(.failed, "the range lies outside the image") }
      return digest
    case .file(let file, _): return try file.digest(of: range)
    }
  }
}

extension FileDescriptor {
  /// The bytes of a range, all of them.
  func bytes(_ range: Range<Int64>) throws -> ByteBuffer {
    var buffer = ByteBufferAllocator().buffer(capacity: range.count)
    let count = try buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: range.count) { space in
      try read(into: UnsafeMutableRawBufferPointer(rebasing: space.prefix(range.count)), at: range.lowerBound)
    }
    guard count == range.count else { throw ImageStoreError(.failed, "the file ends before its range does") }
    return buffer
  }
}
