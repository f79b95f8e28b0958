internal import Domain

/// Reads the version out of `sw-description`, which is libconfig or JSON text. It is no parser of either: it looks for one
/// setting.
enum SWDescription {
  /// The text of `software.version`: the setting named `version` one level inside `software`, not that of a single image.
  static func version(_ text: [UInt8]) -> String? {
    var scanner = Scanner(text)
    var depth = 0
    var previous: [Scanner.Token] = []
    // JSON has one more brace around everything.
    var wanted = 1
    while let token = scanner.next() {
      switch token {
      case .mark(let mark):
        if "{([".utf8.contains(mark) { depth += 1 }
        if "})]".utf8.contains(mark) { depth -= 1 }
        if previous.isEmpty, mark == UInt8(ascii: "{") { wanted = 2 }
      case .word(let value):
        if depth == wanted, previous.suffix(2) == [.word(Array("version".utf8)), .assignment] {
          return PrintableText.fromField(value)
        }
      case .assignment: break
      }
      previous = previous.suffix(1) + [token]
    }
    return nil
  }

  private struct Scanner {
    enum Token: Equatable {
      case word([UInt8])
      case assignment
      case mark(UInt8)
    }

    private var rest: ArraySlice<UInt8>

    init(_ text: [UInt8]) { rest = text[...] }

    mutating func next() -> Token? {
      while let byte = rest.first {
        if byte <= 0x20 || byte >= 0x7F {
          rest = rest.dropFirst()
        } else if byte == UInt8(ascii: "#") || rest.starts(with: "//".utf8) {
          rest = rest.drop { $0 != 0x0A }
        } else if rest.starts(with: "/*".utf8) {
          skipBlockComment()
        } else {
          return token(byte)
        }
      }
      return nil
    }

    private mutating func skipBlockComment() {
      rest = rest.dropFirst(2)
      while !rest.isEmpty, !rest.starts(with: "*/".utf8) { rest = rest.dropFirst() }
      rest = rest.dropFirst(2)
    }

    private mutating func token(_ byte: UInt8) -> Token {
      if byte == UInt8(ascii: "\"") { return quoted() }
      if Self.isWordCharacter(byte) {
        let word = rest.prefix(while: Self.isWordCharacter)
        rest = rest.dropFirst(word.count)
        return .word(Array(word))
      }
      rest = rest.dropFirst()
      return byte == UInt8(ascii: "=") || byte == UInt8(ascii: ":") ? .assignment : .mark(byte)
    }

    private mutating func quoted() -> Token {
      var value: [UInt8] = []
      rest = rest.dropFirst()
      while let byte = rest.popFirst(), byte != UInt8(ascii: "\"") {
        guard byte == UInt8(ascii: "\\") else {
          value.append(byte)
          continue
        }
        if let escaped = rest.popFirst() { value.append(escaped) }
      }
      return .word(value)
    }

    private static func isWordCharacter(_ byte: UInt8) -> Bool {
      Base64URL.isCharacter(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+")
    }
  }
}
