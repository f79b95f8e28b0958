/// The `next` of a list: an opaque text to pass as `after`, or JSON null on the last page. It is always written.
public struct PageCursor: Codable, Sendable, Hashable {
  public let after: String?

  public init(_ after: String?) { self.after = after }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    after = container.decodeNil() ? nil : try container.decode(String.self)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let after { try container.encode(after) } else { try container.encodeNil() }
  }
}
