import Domain
import NIOCore
import Synchronization

/// The images that are asked for now, held in memory up to a number of bytes: a fleet downloads the same few. The one that was
/// asked for longest ago goes first.
final class HotImages: Sendable {
  private struct Entry {
    let bytes: ByteBuffer
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

  func bytes(of digest: ImageDigest) -> ByteBuffer? {
    state.withLock { state in
      guard state.entries[digest] != nil else { return nil }
      state.uses += 1
      state.entries[digest]?.lastUse = state.uses
      return state.entries[digest]?.bytes
    }
  }

  func keep(_ bytes: ByteBuffer, of digest: ImageDigest) {
    guard bytes.readableBytes <= limit else { return }
    state.withLock { state in
      guard state.entries[digest] == nil else { return }
      state.uses += 1
      state.entries[digest] = Entry(bytes: bytes, lastUse: state.uses)
      state.held += bytes.readableBytes
      while state.held > limit, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
        state.entries[oldest.key] = nil
        state.held -= oldest.value.bytes.readableBytes
      }
    }
  }

  func forget(_ digest: ImageDigest) {
    state.withLock { state in
      if let entry = state.entries.removeValue(forKey: digest) { state.held -= entry.bytes.readableBytes }
    }
  }
}
