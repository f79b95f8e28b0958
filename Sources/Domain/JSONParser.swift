/// Why a text is no JSON.
public enum JSONParsingError: Error, Hashable {
  /// It is not by the grammar, has a number that no computer holds, or has half of a surrogate pair.
  case malformed
  /// It is not UTF-8.
  case notUTF8
  /// Arrays and objects are nested deeper than was allowed.
  case tooDeep
}

extension JSONValue {
  /// How deep a text may be nested where nothing is said.
  public static let deepestByDefault = 128

  /// Reads a JSON text (RFC 8259), in one pass: what a value costs does not depend on its type or place, which the decoders of
  /// Foundation cannot promise for values of any type. Of members with the same name the last one counts; a byte order mark
  /// before the text is ignored (section 8.1).
  /// - Parameter takesRawTexts: whether texts may hold control characters as they are, and what is not UTF-8, which becomes
  ///   U+FFFD: device code puts its log into a text without a look at it.
  /// - Throws: `JSONParsingError`.
  public init(
    parsing bytes: [UInt8], deepest: Int = JSONValue.deepestByDefault, takesRawTexts: Bool = false
  ) throws {
    self = try bytes.withUnsafeBufferPointer { buffer in
      var parser = JSONParser(bytes: buffer, deepest: deepest, takesRawTexts: takesRawTexts)
      return try parser.text()
    }
  }

  /// The same of a text at hand.
  public init(parsing text: String, deepest: Int = JSONValue.deepestByDefault) throws {
    try self.init(parsing: Array(text.utf8), deepest: deepest)
  }
}

private struct JSONParser {
  let bytes: UnsafeBufferPointer<UInt8>
  let deepest: Int
  let takesRawTexts: Bool
  private var place = 0

  init(bytes: UnsafeBufferPointer<UInt8>, deepest: Int, takesRawTexts: Bool) {
    self.bytes = bytes
    self.deepest = deepest
    self.takesRawTexts = takesRawTexts
  }

  mutating func text() throws -> JSONValue {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { place = 3 }
    let value = try value(depth: 0)
    skipBlanks()
    guard place == bytes.count else { throw JSONParsingError.malformed }
    return value
  }

  private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    place += 1
    return true
  }

  private mutating func value(depth: Int) throws -> JSONValue {
    skipBlanks()
    switch next {
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "{"): return try object(depth: depth + 1)
    case UInt8(ascii: "["): return try array(depth: depth + 1)
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  private mutating func word(_ word: StaticString, _ value: JSONValue) throws -> JSONValue {
    for index in 0..<word.utf8CodeUnitCount {
      guard take(word.utf8Start[index]) else { throw JSONParsingError.malformed }
    }
    return value
  }

  private mutating func array(depth: Int) throws -> JSONValue {
    guard depth <= deepest else { throw JSONParsingError.tooDeep }
    place += 1
    var values: [JSONValue] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return .array(values) }
    while true {
      values.append(try value(depth: depth))
      skipBlanks()
      if take(UInt8(ascii: "]")) { return .array(values) }
      guard take(UInt8(ascii: ",")) else { throw JSONParsingError.malformed }
    }
  }

  private mutating func object(depth: Int) throws -> JSONValue {
    guard depth <= deepest else { throw JSONParsingError.tooDeep }
    place += 1
    var members: [String: JSONValue] = [:]
    skipBlanks()
    if take(UInt8(ascii: "}")) { return .object(members) }
    while true {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else { throw JSONParsingError.malformed }
      let name = try string()
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw JSONParsingError.malformed }
      members[name] = try value(depth: depth)
      skipBlanks()
      if take(UInt8(ascii: "}")) { return .object(members) }
      guard take(UInt8(ascii: ",")) else { throw JSONParsingError.malformed }
    }
  }

  // MARK: Strings

  private mutating func string() throws -> String {
    place += 1
    let start = place
    while let byte = next, byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { place += 1 }
    // Hardly any text has escapes.
    if next == UInt8(ascii: "\"") {
      place += 1
      return try utf8(bytes[start..<(place - 1)])
    }
    var unescaped = Array(bytes[start..<place])
    while let byte = next {
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return try utf8(unescaped[...])
      case UInt8(ascii: "\\"): try escape(into: &unescaped)
      case 0..<0x20 where !takesRawTexts: throw JSONParsingError.malformed
      default: unescaped.append(byte)
      }
    }
    throw JSONParsingError.malformed
  }

  private func utf8(_ bytes: some Collection<UInt8>) throws -> String {
    if takesRawTexts { return String(decoding: bytes, as: UTF8.self) }
    guard let text = String(validating: bytes, as: UTF8.self) else { throw JSONParsingError.notUTF8 }
    return text
  }

  private mutating func escape(into text: inout [UInt8]) throws {
    guard let byte = next else { throw JSONParsingError.malformed }
    place += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text += String(try escapedScalar()).utf8
    default: throw JSONParsingError.malformed
    }
  }

  private mutating func escapedScalar() throws -> Unicode.Scalar {
    let first = try hexadecimal()
    if let scalar = Unicode.Scalar(first) { return scalar }
    // Section 7: what lies outside the first 65,536 is written as a pair of surrogates, high before low.
    guard (0xD800..<0xDC00).contains(first), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
      throw JSONParsingError.malformed
    }
    let second = try hexadecimal()
    guard (0xDC00..<0xE000).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (UInt32(first - 0xD800) << 10 | UInt32(second - 0xDC00)))
    else { throw JSONParsingError.malformed }
    return scalar
  }

  private mutating func hexadecimal() throws -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }), bytes[place] < 0x80 else {
        throw JSONParsingError.malformed
      }
      value = value << 4 | UInt16(digit)
      place += 1
    }
    return value
  }

  // MARK: Numbers

  private mutating func number() throws -> JSONValue {
    let start = place
    let isNegative = take(UInt8(ascii: "-"))
    let first = place
    var whole: Int64? = 0
    while let digit = next, (0x30...0x39).contains(digit) {
      whole = whole.flatMap { Self.append(Int64(digit & 0x0F), to: $0, isNegative) }
      place += 1
    }
    // No digit, or one after a leading zero.
    guard place > first, bytes[first] != 0x30 || place == first + 1 else { throw JSONParsingError.malformed }
    let hasFraction = take(UInt8(ascii: "."))
    if hasFraction { try digits() }
    let hasExponent = take(UInt8(ascii: "e")) || take(UInt8(ascii: "E"))
    if hasExponent {
      if !take(UInt8(ascii: "-")) { _ = take(UInt8(ascii: "+")) }
      try digits()
    }
    if let whole, !hasFraction, !hasExponent { return .integer(whole) }
    guard let value = Double(try utf8(bytes[start..<place])), value.isFinite else { throw JSONParsingError.malformed }
    return Int64(exactly: value).map { .integer($0) } ?? .number(value)
  }

  private static func append(_ digit: Int64, to value: Int64, _ isNegative: Bool) -> Int64? {
    let (product, overflows) = value.multipliedReportingOverflow(by: 10)
    guard !overflows else { return nil }
    let (sum, isTooLarge) = isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
    return isTooLarge ? nil : sum
  }

  private mutating func digits() throws {
    let start = place
    while let digit = next, (0x30...0x39).contains(digit) { place += 1 }
    guard place > start else { throw JSONParsingError.malformed }
  }
}
