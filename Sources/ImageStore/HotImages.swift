import Domain
import NIOCore
import Synchronization

/// An image in memory.
struct HotImage: Sendable {
  let bytes: ByteBuffer
  /// The same bytes as a file that is in memory, too, and is what the system sends long ranges from, without a copy; nil for an
  /// image that has none.
  let file: FileDescriptor?

  /// - Parameter mostBytes: how much memory it may take. Where that is too little for both, it has no file.
  init(_ bytes: ByteBuffer, mostBytes: Int) {
    self.bytes = bytes
    let hasFile = bytes.readableBytes > StoredImage.leadSize && bytes.readableBytes <= mostBytes / 2
    file = hasFile ? bytes.withUnsafeReadableBytes { FileDescriptor(inMemory: $0) } : nil
  }

  /// The bytes of memory that it takes.
  var cost: Int { file == nil ? bytes.readableBytes : bytes.readableBytes * 2 }
}

/// The images that are asked for now, held in memory up to a number of bytes: a fleet downloads the same few. The one that was
/// asked for longest ago goes first.
final class HotImages: Sendable {
  private struct Entry {
    let image: HotImage
    var lastUse: UInt64
  }

  private struct State {
    var entries: [ImageDigest: Entry] = [:]
    var held = 0
    var uses: UInt64 = 0
  }

  private let state = Mutex(State())
  /// Bytes.
  let limit: Int

  init(limit: Int) { self.limit = limit }

  func image(of digest: ImageDigest) -> HotImage? {
    state.withLock { state in
      guard state.entries[digest] != nil else { return nil }
      state.uses += 1
      state.entries[digest]?.lastUse = state.uses
      return state.entries[digest]?.image
    }
  }

  func keep(_ image: HotImage, of digest: ImageDigest) {
    guard image.cost <= limit else { return }
    state.withLock { state in
      guard state.entries[digest] == nil else { return }
      state.uses += 1
      state.entries[digest] = Entry(image: image, lastUse: state.uses)
      state.held += image.cost
      while state.held > limit, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
        state.entries[oldest.key] = nil
        state.held -= oldest.value.image.cost
      }
    }
  }

  func forget(_ digest: ImageDigest) {
    state.withLock { state in
      if let entry = state.entries.removeValue(forKey: digest) { state.held -= entry.image.cost }
    }
  }
}
