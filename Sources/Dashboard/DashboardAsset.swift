import Cryptography
import Domain

/// A file of the operators' pages, in the program itself.
public struct DashboardAsset: Sendable {
  /// What browsers take it for; they are told not to guess.
  public enum MediaType: String, Sendable {
    case page = "text/html; charset=utf-8"
    case style = "text/css; charset=utf-8"
    case script = "text/javascript; charset=utf-8"
    case picture = "image/svg+xml"
  }

  /// The name of the file.
  public let name: String
  public let type: MediaType
  public let bytes: [UInt8]
  /// A strong entity tag (RFC 9110 section 8.8.3), with its quotation marks: the SHA-256 of the bytes.
  public let entityTag: String

  init(_ name: String, _ type: MediaType, _ bytes: [UInt8]) {
    self.name = name
    self.type = type
    self.bytes = bytes
    entityTag = "\"\(Hexadecimal.encode(SHA256Hasher.digest(of: bytes)))\""
  }

  /// Where it is served: the first page at the root, and the icon also where browsers look for one unasked.
  public var paths: [String] {
    switch name {
    case "index.html": ["/"]
    case "icon.svg": ["/assets/icon.svg", "/favicon.ico"]
    default: ["/assets/\(name)"]
    }
  }
}
