import Domain

/// An entity tag as it stands in a header, by RFC 9110 section 8.8.3.
struct EntityTag: Equatable, Sendable {
  var isWeak: Bool
  /// What stands between the quotation marks.
  var opaque: Substring

  /// Reads exactly one entity tag, with its quotation marks.
  init?(_ text: Substring) {
    var rest = text
    guard let tag = EntityTag(consuming: &rest), rest.isEmpty else { return nil }
    self = tag
  }

  /// Section 8.8.3.2: equal, and neither is weak.
  func matchesStrongly(_ other: EntityTag) -> Bool { !isWeak && !other.isWeak && opaque == other.opaque }

  /// Section 8.8.3.2: equal, weak or not.
  func matchesWeakly(_ other: EntityTag) -> Bool { opaque == other.opaque }

  /// The tags of a list header, or nil where it is malformed. An empty member is nothing, as the list rule allows.
  static func list(_ text: String) -> [EntityTag]? {
    var tags: [EntityTag] = []
    var rest = text[...]
    while true {
      rest = rest.drop { $0 == "," || $0 == " " || $0 == "\t" }
      if rest.isEmpty { return tags }
      guard let tag = EntityTag(consuming: &rest) else { return nil }
      tags.append(tag)
      rest = rest.drop { $0 == " " || $0 == "\t" }
      guard rest.isEmpty || rest.first == "," else { return nil }
    }
  }

  /// Whether one who asks has exactly what bears the tag, so that the answer is 304.
  /// - Parameters:
  ///   - tag: strong, with its quotation marks.
  ///   - ifNoneMatch: all lines of the field, joined; nil where there is none.
  static func isKnown(_ tag: String, by ifNoneMatch: String?) -> Bool {
    guard let ifNoneMatch, ifNoneMatch != tag else { return ifNoneMatch != nil }
    let conditions = Preconditions(ifNoneMatch: ifNoneMatch)
    return conditions.evaluate(against: .init(entityTag: tag), now: Timestamp(milliseconds: 0)) == .notModified
  }

  private init?(consuming text: inout Substring) {
    var rest = text
    isWeak = rest.hasPrefix("W/")
    if isWeak { rest = rest.dropFirst(2) }
    guard rest.utf8.first == UInt8(ascii: "\"") else { return nil }
    rest = rest[rest.utf8.index(after: rest.startIndex)...]
    guard let end = rest.utf8.firstIndex(of: UInt8(ascii: "\"")) else { return nil }
    opaque = rest[..<end]
    guard opaque.utf8.allSatisfy({ $0 == 0x21 || $0 > 0x22 && $0 != 0x7F }) else { return nil }
    text = rest[rest.utf8.index(after: end)...]
  }
}
