import CLinux
import Glibc
public import NIOCore
import NIOPosix

extension StoredImage {
  /// The image's file, for one connection to send it; nil where the image is in memory.
  public func fileToSend() -> StoredImageFile? {
    guard case .file(let file, _) = source else { return nil }
    return StoredImageFile(file, pool: pool)
  }

  /// Of a long range of an image in memory, what is behind the first `leadSize` bytes, for the system to send; nil where all of
  /// it is to be sent from memory.
  public func rest(of range: Range<Int64>) -> (file: StoredImageFile, region: FileRegion)? {
    guard range.count > Self.leadSize, case .memory(let image) = source, let file = image.file else { return nil }
    let sending = StoredImageFile(file, pool: pool)
    return (sending, sending.region(range.lowerBound + Int64(Self.leadSize)..<range.upperBound))
  }
}

/// The file of an image, for one connection that sends parts of it. The system sends them out of its own memory and without a
/// copy (`sendfile`), or they are read into ours, where they have to be encrypted. Several may have the same file: each part
/// says where it begins.
///
/// It has to be held until the last part has left.
public final class StoredImageFile: Sendable {
  /// Bytes that the system is told to read behind those that are waited for.
  private static let ahead: Int64 = 1024 * 1024

  private let file: FileDescriptor
  /// Of this connection alone: NIO lets nobody else use it meanwhile.
  private let handle: NIOFileHandle
  private let pool: NIOThreadPool

  init(_ file: FileDescriptor, pool: NIOThreadPool) {
    self.file = file
    self.pool = pool
    handle = NIOFileHandle(_deprecatedTakingOwnershipOfDescriptor: file.number)
  }

  // The descriptor is the file's own, which closes it.
  deinit { _ = try? handle.takeDescriptorOwnership() }

  /// A part that the system has in its memory, so that sending it keeps nobody waiting; nil for one that it has not, which has
  /// to be loaded first. Does not block.
  /// - Throws: `failed` where the file ends before its range does.
  public func loaded(_ range: Range<Int64>) throws -> FileRegion? {
    let outcome = firmament_is_cached(file.number, range.lowerBound, Int64(range.count))
    try Self.check(outcome)
    return outcome == 0 ? nil : region(range)
  }

  /// The same part, once the system has read it from the disk, by a thread of the store's pool. It begins with what comes
  /// behind, too.
  /// - Throws: `failed` where it cannot be read.
  public func load(_ range: Range<Int64>, on loop: any EventLoop) -> EventLoopFuture<FileRegion> {
    pool.runIfActive(eventLoop: loop) { [self] in
      try Self.check(firmament_cache(file.number, range.lowerBound, Int64(range.count), Self.ahead))
      return region(range)
    }
  }

  /// The bytes of a part, read by a thread of the store's pool.
  /// - Throws: `failed` where they cannot be read.
  public func read(_ range: Range<Int64>, on loop: any EventLoop) -> EventLoopFuture<ByteBuffer> {
    pool.runIfActive(eventLoop: loop) { [file] in try file.bytes(range) }
  }

  /// A part that keeps nobody waiting.
  fileprivate func region(_ range: Range<Int64>) -> FileRegion {
    FileRegion(fileHandle: handle, readerIndex: Int(range.lowerBound), endIndex: Int(range.upperBound))
  }

  /// - Parameter outcome: what the system said, negated where it is an error.
  private static func check(_ outcome: CInt) throws {
    guard outcome < 0 else { return }
    guard outcome != -ENODATA else { throw ImageStoreError(.failed, "the file ends before its range does") }
    throw ImageStoreError(.failed, "could not read an image: \(String(cString: strerror(-outcome)))")
  }
}
