/// The SHA-256 of an image: its name in the store, its entity tag, and what the signed manifest vouches for.
///
/// It can only be made of 32 bytes or of their exact text, so a value of this type is always safe in a path.
public struct ImageDigest: Sendable, Hashable, Codable, CustomStringConvertible {
  /// 32 bytes.
  public let bytes: [UInt8]

  /// - Parameter bytes: exactly 32 bytes, else nil.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// - Parameter hex: 64 hexadecimal digits in lower case, else nil.
  public init?(hex: some StringProtocol) {
    guard hex.utf8.count == 64, hex.utf8.allSatisfy({ !(65...90).contains($0) }), let bytes = Hexadecimal.decode(hex) else {
      return nil
    }
    self.bytes = bytes
  }

  /// - Parameter text: `sha256:` and 64 hexadecimal digits in lower case, else nil.
  public init?(_ text: some StringProtocol) {
    guard text.hasPrefix("sha256:") else { return nil }
    self.init(hex: text.dropFirst(7))
  }

  /// 64 hexadecimal digits in lower case.
  public var hex: String { Hexadecimal.encode(bytes) }

  /// `sha256:` and 64 hexadecimal digits.
  public var description: String { "sha256:\(hex)" }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let digest = ImageDigest(hex: try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not 64 lower-case hexadecimal digits")
    }
    self = digest
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hex)
  }
}
