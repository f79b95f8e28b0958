/// Finds the text inside string literals of Swift source: plain, raw (`#"…"#`) and of several lines. Comments are skipped; code
/// inside an interpolation counts as text, which is harmless for what these tests look for.
enum StringLiterals {
  static func all(in source: String) -> [String] {
    var rest = Array(source.utf8)[...]
    var literals: [String] = []
    while let byte = rest.first {
      if rest.starts(with: "//".utf8) {
        rest = rest.drop { $0 != 0x0A }
      } else if rest.starts(with: "/*".utf8) {
        rest = skippingComment(rest)
      } else if byte == UInt8(ascii: "#") || byte == UInt8(ascii: "\"") {
        let pounds = rest.prefix { $0 == UInt8(ascii: "#") }
        rest = rest.dropFirst(pounds.count)
        guard rest.first == UInt8(ascii: "\"") else { continue }
        literals.append(literal(&rest, pounds: Array(pounds)))
      } else {
        rest = rest.dropFirst()
      }
    }
    return literals
  }

  private static func skippingComment(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    var rest = text
    var depth = 0
    while !rest.isEmpty {
      if rest.starts(with: "/*".utf8) {
        depth += 1
        rest = rest.dropFirst(2)
      } else if rest.starts(with: "*/".utf8) {
        depth -= 1
        rest = rest.dropFirst(2)
        if depth == 0 { break }
      } else {
        rest = rest.dropFirst()
      }
    }
    return rest
  }

  private static func literal(_ rest: inout ArraySlice<UInt8>, pounds: [UInt8]) -> String {
    let quote = UInt8(ascii: "\"")
    let quotes = [UInt8](repeating: quote, count: rest.starts(with: [quote, quote, quote]) ? 3 : 1)
    rest = rest.dropFirst(quotes.count)
    var text: [UInt8] = []
    while let byte = rest.first, !rest.starts(with: quotes + pounds), quotes.count == 3 || byte != 0x0A {
      let escape = rest.starts(with: [UInt8(ascii: "\\")] + pounds)
      let length = escape ? min(rest.count, 2 + pounds.count) : 1
      text += rest.prefix(length)
      rest = rest.dropFirst(length)
    }
    rest = rest.dropFirst(quotes.count + pounds.count)
    return String(decoding: text, as: UTF8.self)
  }
}
