import Cryptography
public import Domain
public import NIOPosix
import Synchronization

/// Bytes by digest: landed safely, served by range. It knows nothing of versions, models or things.
///
/// Landing is: stage, hash while writing, sync, rename to the digest's name, sync the folder. A crash at any step leaves either
/// nothing or the whole image, and what was staged can be continued.
public final class ImageStore: Sendable {
  let layout: StoreLayout
  /// For what devices wait for.
  let pool: NIOThreadPool
  /// For all else that takes long.
  let background: BackgroundThreads
  /// The largest image, in bytes.
  public let largestImage: Int64
  let underWay = Mutex<Set<ImageDigest>>([])
  let hot: HotImages
  /// The images that are being opened.
  let opening = Mutex<[ImageDigest: Task<StoredImage, any Error>]>([:])
  /// The large images whose bytes were hashed since the start.
  let verified = Mutex<Set<ImageDigest>>([])
  /// The images that were found damaged: they count as not stored, so that an upload heals them.
  let damaged = Mutex<Set<ImageDigest>>([])

  /// Creates what is missing of the folders.
  /// - Parameters:
  ///   - pool: where blocking calls are made that devices wait for; running, and stopped by its owner.
  ///   - background: where images are hashed that come in, or are looked at; stopped by their owner.
  ///   - hotBytes: how many bytes of images may be held in memory.
  public init(
    root: String, pool: NIOThreadPool, background: BackgroundThreads, largestImage: Int64, hotBytes: Int
  ) throws {
    layout = StoreLayout(root: root)
    self.pool = pool
    self.background = background
    self.largestImage = largestImage
    hot = HotImages(limit: hotBytes)
    for folder in [layout.images, layout.digests, layout.staging] { try FileTree.makeFolder(folder) }
  }

  /// The size in bytes of a stored image, nil where there is none. Asking keeps an image that no firmware names yet from being
  /// collected for a while.
  public func size(of digest: ImageDigest) async throws -> Int64? {
    if damaged.withLock({ $0.contains(digest) }) { return nil }
    return try await pool.runIfActive { [layout] in
      let path = layout.image(digest)
      guard let found = try FileTree.describe(path) else { return nil }
      FileTree.touch(path)
      return found.size
    }
  }

  /// How many bytes of an image have arrived in an upload that was cut.
  public func received(of digest: ImageDigest) async throws -> Int64 {
    try await pool.runIfActive { [layout] in try FileTree.describe(layout.partial(digest))?.size ?? 0 }
  }

  /// Every stored image. Names that are no digest are left out, and reported by `strayNames`.
  public func digests() async throws -> [ImageDigest] {
    try await pool.runIfActive { [layout] in try layout.names().compactMap { layout.digest(ofImage: $0) } }
  }

  /// Files among the images whose name is no digest, and images that lie where none is looked for.
  public func strayNames() async throws -> [String] {
    try await pool.runIfActive { [layout] in
      try layout.names().filter { layout.digest(ofImage: $0) == nil }.map { String($0.split(separator: "/").last ?? "") }
    }
  }

  /// Hashes a stored image again: what its bytes are, whatever its name says.
  public func rehash(_ digest: ImageDigest) async throws -> (digest: ImageDigest, size: Int64) {
    let found = try await background.run { [layout] in
      let file = try FileDescriptor(layout.image(digest), FileDescriptor.reading)
      let size = try file.size
      return (try file.digest(of: 0..<size), size)
    }
    damaged.withLock { damaged in
      if found.0 == digest { damaged.remove(digest) } else { damaged.insert(digest) }
    }
    return found
  }

  /// Removes images that `isKept` does not keep and that nobody asked for since the moment, and partial uploads older than it.
  /// - Returns: how many images and how many partial uploads went.
  public func collect(
    unusedSince moment: Timestamp, isKept: @escaping @Sendable (ImageDigest) -> Bool
  ) async throws -> (images: Int, partials: Int) {
    var images = 0
    for digest in try await digests() where !isKept(digest) {
      let removed = try await background.run { [layout] in
        let path = layout.image(digest)
        guard let found = try FileTree.describe(path), found.changed < moment.seconds else { return false }
        try FileTree.remove(path)
        return true
      }
      if removed {
        hot.forget(digest)
        verified.withLock { _ = $0.remove(digest) }
        images += 1
      }
    }
    let partials = try await background.run { [layout] in
      try FileTree.names(in: layout.staging).filter { name in
        guard let found = try FileTree.describe("\(layout.staging)/\(name)") else { return false }
        guard found.changed < moment.seconds || layout.digest(ofPartial: name) == nil else { return false }
        try FileTree.remove("\(layout.staging)/\(name)")
        return true
      }.count
    }
    return (images, partials)
  }
}
