/// Numbers as people and devices write them: `23`, `-5`, `23.00`, `1e3`; no hexadecimal digits, no infinities.
enum PlainNumber {
  /// Blanks at both ends do not count, since some clients send numbers padded to a width.
  static func parse(_ text: String) -> Double? {
    let bytes = text.utf8
    guard bytes.count <= 64, let start = bytes.firstIndex(where: { $0 != 0x20 }) else { return nil }
    guard let last = bytes.lastIndex(where: { $0 != 0x20 }) else { return nil }
    let number = text[start...last]
    guard hasForm(number.utf8), let value = Double(number), value.isFinite else { return nil }
    return value
  }

  /// Whether it is digits, with a sign, a fraction and an exponent where there are any.
  private static func hasForm(_ bytes: Substring.UTF8View) -> Bool {
    var rest = bytes
    if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    guard dropDigits(&rest) else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      guard dropDigits(&rest) else { return false }
    }
    if let letter = rest.first, letter | 0x20 == UInt8(ascii: "e") {
      rest = rest.dropFirst()
      if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { rest = rest.dropFirst() }
      guard dropDigits(&rest) else { return false }
    }
    return rest.isEmpty
  }

  private static func dropDigits(_ bytes: inout Substring.UTF8View) -> Bool {
    let count = bytes.prefix(while: TextCursor.isDigit).count
    bytes = bytes.dropFirst(count)
    return count > 0
  }
}
