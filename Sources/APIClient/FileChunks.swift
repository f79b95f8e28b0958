import Foundation
import NIOCore

/// A part of a file as a stream of chunks, read as they are asked for: an image is never in memory whole.
struct FileChunks: AsyncSequence, Sendable {
  typealias Element = ByteBuffer

  static let chunkBytes = 256 * 1024

  let path: String
  let offset: Int64
  /// Where to stop: the size of the file when it was hashed.
  let size: Int64
  /// Called with the position in the file before each chunk is handed on.
  let progress: @Sendable (Int64) -> Void

  func makeAsyncIterator() -> Iterator { Iterator(chunks: self) }

  struct Iterator: AsyncIteratorProtocol {
    private let chunks: FileChunks
    private var handle: FileHandle?
    private var position: Int64

    init(chunks: FileChunks) {
      self.chunks = chunks
      position = chunks.offset
    }

    mutating func next() async throws -> ByteBuffer? {
      let remaining = chunks.size - position
      guard remaining > 0 else { return nil }
      let handle = try self.handle ?? open()
      self.handle = handle
      guard let data = try? handle.read(upToCount: Int(Swift.min(remaining, Int64(FileChunks.chunkBytes)))), !data.isEmpty
      else {
        throw APIClientError(.unreadableFile, "\(chunks.path) changed while it was read: upload it again when it is complete")
      }
      chunks.progress(position)
      position += Int64(data.count)
      return ByteBuffer(bytes: data)
    }

    private func open() throws -> FileHandle {
      guard let handle = FileHandle(forReadingAtPath: chunks.path), (try? handle.seek(toOffset: UInt64(position))) != nil else {
        throw APIClientError(.unreadableFile, "\(chunks.path) cannot be read: check that it exists and that you may read it")
      }
      return handle
    }
  }
}
