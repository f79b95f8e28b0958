import Cryptography
import Domain

/// A body that is made for each answer, and the strong entity tag that follows from it (RFC 9110 section 8.8.3).
struct TaggedBody {
  let bytes: [UInt8]
  /// With its quotation marks.
  let tag: String

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    tag = "\"\(Hexadecimal.encode(SHA256Hasher.digest(of: bytes).prefix(16)))\""
  }
}
