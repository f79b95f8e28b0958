import Domain

/// Where bytes lie in the store's folder. The only place that builds a path of it.
///
/// ```
/// images/sha256/ab/abcd…      immutable; the name is the content
/// staging/abcd….part          bytes of that image which have arrived so far
/// ```
struct StoreLayout: Sendable {
  /// The store's folder, without a slash at the end.
  let root: String

  init(root: String) { self.root = root }

  var images: String { "\(root)/images" }
  var digests: String { "\(images)/sha256" }
  var staging: String { "\(root)/staging" }

  func folder(of digest: ImageDigest) -> String { "\(digests)/\(digest.hex.prefix(2))" }
  func image(_ digest: ImageDigest) -> String { "\(folder(of: digest))/\(digest.hex)" }
  func partial(_ digest: ImageDigest) -> String { "\(staging)/\(digest.hex).part" }

  /// Every name among the images, as `ab/abcd…`; what is no folder stands there by its own name.
  func names() throws -> [String] {
    try FileTree.names(in: digests).flatMap { fan in
      guard try FileTree.isFolder("\(digests)/\(fan)") else { return [fan] }
      return try FileTree.names(in: "\(digests)/\(fan)").map { "\(fan)/\($0)" }
    }
  }

  /// The digest that a name among the images speaks of; nil for any other, and for one in another digest's folder.
  func digest(ofImage name: String) -> ImageDigest? {
    let parts = name.split(separator: "/")
    guard parts.count == 2, let digest = ImageDigest(hex: parts[1]), parts[0] == digest.hex.prefix(2) else { return nil }
    return digest
  }

  /// The digest that a staged file's name speaks of; nil for any other name.
  func digest(ofPartial name: String) -> ImageDigest? {
    name.hasSuffix(".part") ? ImageDigest(hex: name.dropLast(5)) : nil
  }
}
