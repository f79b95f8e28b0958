internal import Domain

/// A value of a `sw-description`.
enum SWDescriptionSetting {
  case text([UInt8])
  case list([SWDescriptionSetting])
  /// In the order of the text; of settings with the same name the first counts.
  case group([(name: String, value: SWDescriptionSetting)])

  /// How deep groups and lists are nested at most.
  private static let deepest = 32

  /// Reads a text up to the first thing that neither syntax allows: what stands before it counts.
  /// - Returns: a group; an empty one for a text that is something else.
  static func reading(_ text: [UInt8]) -> SWDescriptionSetting {
    if let json = try? JSONValue(parsing: text, deepest: deepest), case .object = json { return SWDescriptionSetting(json) }
    var parser = Parser(text)
    return parser.settings(depth: 0)
  }

  private init(_ json: JSONValue) {
    switch json {
    case .null: self = .text([])
    case .bool(let value): self = .text(Array(String(value).utf8))
    case .integer(let value): self = .text(Array(String(value).utf8))
    case .number(let value): self = .text(Array(String(value).utf8))
    case .string(let value): self = .text(Array(value.utf8))
    case .array(let values): self = .list(values.map { SWDescriptionSetting($0) })
    case .object(let members):
      self = .group(members.sorted { $0.key < $1.key }.map { ($0.key, SWDescriptionSetting($0.value)) })
    }
  }

  /// The settings of a group; nil for everything else.
  var members: [(name: String, value: SWDescriptionSetting)]? { if case .group(let members) = self { members } else { nil } }

  subscript(name: String) -> SWDescriptionSetting? { members?.first { $0.name == name }?.value }

  /// The text of a scalar; nil for everything else, and for what is no UTF-8.
  var text: String? { if case .text(let bytes) = self { String(validating: bytes, as: UTF8.self) } else { nil } }

  /// The same where it is 1 to 64 printable characters.
  var name: String? { if case .text(let bytes) = self { PrintableText.fromField(bytes) } else { nil } }

  /// Reads libconfig, and what is nearly JSON.
  private struct Parser {
    private var scanner: Scanner
    private var token: Scanner.Token?

    init(_ text: [UInt8]) {
      scanner = Scanner(text)
      token = scanner.next()
      // JSON has one more brace around everything.
      if token == .mark(UInt8(ascii: "{")) { advance() }
    }

    private mutating func advance() { token = scanner.next() }

    /// Ends the reading: nothing behind this place counts.
    private mutating func stop() {
      scanner = Scanner([])
      token = nil
    }

    /// The settings up to a closing brace, which is taken, or to the end.
    mutating func settings(depth: Int) -> SWDescriptionSetting {
      var members: [(name: String, value: SWDescriptionSetting)] = []
      while let token {
        advance()
        switch token {
        case .mark(UInt8(ascii: "}")): return .group(members)
        case .mark(UInt8(ascii: ";")), .mark(UInt8(ascii: ",")): continue
        case .word(let bytes, _):
          guard self.token == .assignment, let name = String(validating: bytes, as: UTF8.self) else { return end(members) }
          advance()
          guard let value = value(depth: depth + 1) else { return end(members) }
          members.append((name, value))
        default: return end(members)
        }
      }
      return .group(members)
    }

    private mutating func end(_ members: [(name: String, value: SWDescriptionSetting)]) -> SWDescriptionSetting {
      stop()
      return .group(members)
    }

    private mutating func value(depth: Int) -> SWDescriptionSetting? {
      guard depth <= SWDescriptionSetting.deepest, let token else { return nil }
      advance()
      switch token {
      case .word(var bytes, let isQuoted):
        // Texts that follow each other are one.
        while isQuoted, case .word(let more, true) = self.token {
          bytes += more
          advance()
        }
        return .text(bytes)
      case .mark(UInt8(ascii: "{")): return settings(depth: depth)
      case .mark(UInt8(ascii: "(")): return entries(UInt8(ascii: ")"), depth: depth)
      case .mark(UInt8(ascii: "[")): return entries(UInt8(ascii: "]"), depth: depth)
      default: return nil
      }
    }

    private mutating func entries(_ close: UInt8, depth: Int) -> SWDescriptionSetting {
      var entries: [SWDescriptionSetting] = []
      while let token {
        if token == .mark(close) {
          advance()
          break
        }
        if token == .mark(UInt8(ascii: ",")) {
          advance()
        } else if let entry = value(depth: depth + 1) {
          entries.append(entry)
        } else {
          stop()
        }
      }
      return .list(entries)
    }
  }

  private struct Scanner {
    enum Token: Equatable {
      case word([UInt8], isQuoted: Bool)
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
        return .word(Array(word), isQuoted: false)
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
      return .word(value, isQuoted: true)
    }

    private static func isWordCharacter(_ byte: UInt8) -> Bool {
      Base64URL.isCharacter(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "+") || byte == UInt8(ascii: "*")
    }
  }
}
