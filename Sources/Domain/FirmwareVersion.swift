/// A version as the engineer wrote it (`2024.0.1`, `v1.10`, `2.06-13deb12u1`, `1f5d945af`), with the order that its form
/// allows.
public struct FirmwareVersion: Sendable, Hashable, CustomStringConvertible {
  public let text: String

  /// - Returns: nil when the text is not 1 to 64 printable characters.
  public init?(_ text: String) {
    guard PrintableText.isName(text) else { return nil }
    self.text = text
  }

  public var description: String { text }

  /// Whether the version is a whole number, as device code that calls `tonumber()` needs it.
  public var isWholeNumber: Bool {
    !text.isEmpty && text.utf8.count <= 15 && text.utf8.allSatisfy { (48...57).contains($0) }
  }

  /// How two versions stand to each other: by SemVer precedence when both are SemVer 2.0.0, by their numbers when both are
  /// dotted numbers (a leading `v` is allowed in both forms), else nil: then only the sequence of registration can tell.
  public static func compare(_ left: FirmwareVersion, _ right: FirmwareVersion) -> Ordering? {
    if left.text == right.text { return .same }
    // Where both are dotted numbers, SemVer says the same of them.
    if let order = DottedNumbers.compare(left.text, right.text) { return order }
    if let left = SemanticVersion(left.text), let right = SemanticVersion(right.text) { return left.precedence(to: right) }
    return nil
  }

  public enum Ordering: Sendable { case older, same, newer }

  static func withoutPrefix(_ text: String) -> Substring {
    text.hasPrefix("v") || text.hasPrefix("V") ? text.dropFirst() : text[...]
  }
}

/// The numbers of a version such as `v1.10`, one after the other, each of any length. Rules compare versions of a thing at each
/// poll that is decided: nothing is allocated for it.
private struct DottedNumbers {
  private let bytes: UnsafeBufferPointer<UInt8>
  /// The digits of the number that was read last but for its leading zeros; none for 0, and behind the last number.
  private var first = 0
  private var end = 0
  /// Where the next one begins: behind the end where there is none.
  private var next = 0
  /// Whether something is no number.
  private var isBroken = false

  private init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
    if bytes.count > 0, bytes[0] == UInt8(ascii: "v") || bytes[0] == UInt8(ascii: "V") { next = 1 }
  }

  private var hasEnded: Bool { next > bytes.count }
  private var length: Int { end - first }

  private mutating func advance() {
    (first, end) = (next, next)
    guard !hasEnded else { return }
    while end < bytes.count, bytes[end] != UInt8(ascii: ".") {
      if bytes[end] < UInt8(ascii: "0") || bytes[end] > UInt8(ascii: "9") { isBroken = true }
      end += 1
    }
    next = end + 1
    if end == first { isBroken = true }
    while first < end, bytes[first] == UInt8(ascii: "0") { first += 1 }
  }

  private func order(to other: DottedNumbers) -> FirmwareVersion.Ordering {
    if length != other.length { return length < other.length ? .older : .newer }
    var place = 0
    while place < length {
      let (one, another) = (bytes[first + place], other.bytes[other.first + place])
      if one != another { return one < another ? .older : .newer }
      place += 1
    }
    return .same
  }

  /// Compares number by number; a missing one counts as zero, so `1.2` and `1.2.0` are the same.
  /// - Returns: nil where one of them is something else.
  static func compare(_ left: String, _ right: String) -> FirmwareVersion.Ordering? {
    var (left, right) = (left, right)
    return left.withUTF8 { left in
      right.withUTF8 { right in compare(DottedNumbers(left), DottedNumbers(right)) }
    }
  }

  private static func compare(_ left: DottedNumbers, _ right: DottedNumbers) -> FirmwareVersion.Ordering? {
    var (left, right, order) = (left, right, FirmwareVersion.Ordering.same)
    // To the end of both: what stands behind the first difference may be no number.
    while !left.hasEnded || !right.hasEnded {
      left.advance()
      right.advance()
      if left.isBroken || right.isBroken { return nil }
      if order == .same { order = left.order(to: right) }
    }
    return order
  }
}

/// A version of the form that SemVer 2.0.0 defines, with its precedence (section 11): build metadata does not count.
struct SemanticVersion {
  let core: [Substring]
  let prerelease: [Substring]

  init?(_ text: String) {
    let withoutBuild = FirmwareVersion.withoutPrefix(text).split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
    if withoutBuild.count == 2 {
      guard Self.identifiers(withoutBuild[1], numericZeros: true) != nil else { return nil }
    }
    let halves = withoutBuild[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let core = halves[0].split(separator: ".", omittingEmptySubsequences: false)
    guard core.count == 3, core.allSatisfy({ Self.isNumeric($0) && !Self.hasLeadingZero($0) }) else { return nil }
    if halves.count == 2 {
      guard let prerelease = Self.identifiers(halves[1], numericZeros: false) else { return nil }
      self.prerelease = prerelease
    } else {
      self.prerelease = []
    }
    self.core = core
  }

  func precedence(to other: SemanticVersion) -> FirmwareVersion.Ordering {
    for (left, right) in zip(core, other.core) {
      let order = Self.compareDigits(left, right)
      if order != .same { return order }
    }
    if prerelease.isEmpty || other.prerelease.isEmpty {
      return prerelease.isEmpty == other.prerelease.isEmpty ? .same : (prerelease.isEmpty ? .newer : .older)
    }
    for (left, right) in zip(prerelease, other.prerelease) where left != right {
      switch (Self.isNumeric(left), Self.isNumeric(right)) {
      case (true, true): return Self.compareDigits(left, right)
      case (true, false): return .older
      case (false, true): return .newer
      case (false, false): return left.utf8.lexicographicallyPrecedes(right.utf8) ? .older : .newer
      }
    }
    if prerelease.count == other.prerelease.count { return .same }
    return prerelease.count < other.prerelease.count ? .older : .newer
  }

  static func isNumeric(_ part: Substring) -> Bool { !part.isEmpty && part.utf8.allSatisfy { (48...57).contains($0) } }

  static func compareDigits(_ left: Substring, _ right: Substring) -> FirmwareVersion.Ordering {
    let left = left.drop { $0 == "0" }
    let right = right.drop { $0 == "0" }
    if left == right { return .same }
    if left.utf8.count != right.utf8.count { return left.utf8.count < right.utf8.count ? .older : .newer }
    return left.utf8.lexicographicallyPrecedes(right.utf8) ? .older : .newer
  }

  private static func hasLeadingZero(_ part: Substring) -> Bool { part.utf8.count > 1 && part.first == "0" }

  private static func identifiers(_ text: Substring, numericZeros: Bool) -> [Substring]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    let valid = parts.allSatisfy { part in
      !part.isEmpty && part.utf8.allSatisfy { $0 != UInt8(ascii: "_") && Base64URL.isCharacter($0) }
        && (numericZeros || !isNumeric(part) || !hasLeadingZero(part))
    }
    return valid ? parts : nil
  }
}
