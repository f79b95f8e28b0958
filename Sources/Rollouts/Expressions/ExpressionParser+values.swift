import Domain

extension ExpressionParser {
  /// Reads what stands behind an operator, and gives it back in one form for all ways to write it.
  mutating func test(
    _ attribute: ThingAttribute, _ sign: ComparisonSign
  ) throws(ExpressionError) -> (test: Comparison.Test, written: String) {
    switch sign {
    case .within:
      let start = cursor.offset
      let values = try list(after: sign)
      return (.within(try area(values, at: start)), "(\(values.map(\.written).joined(separator: ",")))")
    case .among, .notAmong:
      var literals: [Literal] = []
      for value in try list(after: sign) { literals.append(try literal(value, for: attribute, sign)) }
      let written = "(\(literals.map(\.written).joined(separator: ",")))"
      return (sign == .among ? .among(literals) : .notAmong(literals), written)
    case .equal, .unequal, .less, .lessOrSame, .greater, .greaterOrSame:
      if cursor.next == UInt8(ascii: "(") { throw cursor.error("lists are for =in=, =out= and =within=") }
      let literal = try self.literal(try value(), for: attribute, sign)
      if let order = sign.order { return (.order(order, literal), literal.written) }
      return (sign == .equal ? .equal(literal) : .unequal(literal), literal.written)
    }
  }

  private mutating func list(after sign: ComparisonSign) throws(ExpressionError) -> [WrittenText] {
    let start = cursor.offset
    guard cursor.take(UInt8(ascii: "(")) else { throw cursor.error("after \(sign.rawValue) there must be a list: (…)") }
    cursor.skipBlanks()
    if cursor.next == UInt8(ascii: ")") { throw cursor.error("the list is empty") }
    var values: [WrittenText] = []
    repeat {
      cursor.skipBlanks()
      if cursor.isAtEnd { throw cursor.error("this list is not closed", at: start) }
      values.append(try value())
      cursor.skipBlanks()
    } while cursor.take(UInt8(ascii: ","))
    guard cursor.take(UInt8(ascii: ")")) else {
      throw cursor.isAtEnd ? cursor.error("this list is not closed", at: start) : cursor.error("here must be `,` or `)`")
    }
    return values
  }

  private mutating func value() throws(ExpressionError) -> WrittenText {
    if let quote = cursor.next, Self.isQuote(quote) { return try quotedText() }
    return try bareText()
  }

  static func isQuote(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") }

  /// Reads a text up to the quote that it began with.
  mutating func quotedText() throws(ExpressionError) -> WrittenText {
    let start = cursor.offset
    let quote = cursor.next
    cursor.advance()
    var pieces: [[UInt8]] = [[]]
    var text: [UInt8] = []
    while let byte = cursor.next {
      if byte == quote {
        cursor.advance()
        return WrittenText(text: String(decoding: text, as: UTF8.self), pieces: pieces, isVerbatim: false, start: start)
      }
      try takeByte(&text, &pieces)
    }
    throw cursor.error("this quote is not closed", at: start)
  }

  /// Reads a text up to a blank, a parenthesis, or a sign that joins.
  private mutating func bareText() throws(ExpressionError) -> WrittenText {
    let start = cursor.offset
    var pieces: [[UInt8]] = [[]]
    var text: [UInt8] = []
    while let byte = cursor.next, !TextCursor.isBlank(byte), !"();,".utf8.contains(byte) {
      if "\"'=<>!".utf8.contains(byte) { throw cursor.error("a value with \(cursor.character) in it must be in quotes") }
      try takeByte(&text, &pieces)
    }
    guard cursor.offset > start else { throw cursor.error("a value is missing") }
    let isVerbatim = text.count == cursor.offset - start
    return WrittenText(text: String(decoding: text, as: UTF8.self), pieces: pieces, isVerbatim: isVerbatim, start: start)
  }

  /// Reads one byte, or two that begin with a backslash. The rest of a character of several bytes follows by itself.
  private mutating func takeByte(_ text: inout [UInt8], _ pieces: inout [[UInt8]]) throws(ExpressionError) {
    let isEscaped = cursor.take(UInt8(ascii: "\\"))
    guard let byte = cursor.next else { throw cursor.error("a character is missing after the backslash") }
    cursor.advance()
    text.append(byte)
    if byte == UInt8(ascii: "*"), !isEscaped { pieces.append([]) } else { pieces[pieces.count - 1].append(byte) }
  }

  /// Gives a value the meaning that what it is compared with asks for.
  private func literal(
    _ source: WrittenText, for attribute: ThingAttribute, _ sign: ComparisonSign
  ) throws(ExpressionError) -> Literal {
    if sign == .among || sign == .notAmong || sign.order != nil, source.hasWildcards {
      throw cursor.error("wildcards are for == and != only; a star itself is \\*", at: source.start)
    }
    guard let meaning = Self.meaning(source, attribute.kind, isOrder: sign.order != nil) else {
      throw cursor.error("\(source.shown) is not \(Self.wanted(attribute.kind))", at: source.start)
    }
    return Literal(meaning, source)
  }

  private static func meaning(_ source: WrittenText, _ kind: ThingAttribute.Kind, isOrder: Bool) -> Literal.Meaning? {
    switch kind {
    case .text, .texts: return .text(TextPattern(pieces: source.pieces))
    case .version:
      if source.hasWildcards { return .text(TextPattern(pieces: source.pieces)) }
      return FirmwareVersion(source.text).map { .version($0) }
    case .time: return WrittenTime.parse(source.text).map { .time($0) }
    case .seconds: return WrittenTime.duration(source.text).map { .number($0) }
    case .truth: return truth(source.text)
    case .place: return nil
    case .any:
      if isOrder || source.isVerbatim, let number = PlainNumber.parse(source.text) { return .number(number) }
      if isOrder { return WrittenTime.parse(source.text).map { .time($0) } }
      if source.isVerbatim, let truth = truth(source.text) { return truth }
      return .text(TextPattern(pieces: source.pieces))
    }
  }

  private static func truth(_ text: String) -> Literal.Meaning? {
    switch text {
    case "true": .truth(true)
    case "false": .truth(false)
    default: nil
    }
  }

  private static func wanted(_ kind: ThingAttribute.Kind) -> String {
    switch kind {
    case .text, .texts: "a text"
    case .version: "a version"
    case .time: "a date or time such as 2026-01-31 or 2026-01-31T12:00:00Z"
    case .truth: "true or false"
    case .place: "a place"
    case .seconds: "a number of seconds or a time such as 90s, 10m, 2h, 7d"
    case .any: "a number or a time, which is what has an order"
    }
  }

  private func area(_ values: [WrittenText], at start: Int) throws(ExpressionError) -> GeographicArea {
    switch values.count {
    case 3:
      let (latitude, longitude) = (try degrees(values[0], 90), try degrees(values[1], 180))
      guard let center = GeographicPoint(latitude: latitude, longitude: longitude) else { break }
      return .circle(center: center, metres: try metres(values[2]))
    case 4:
      let (south, west) = (try degrees(values[0], 90), try degrees(values[1], 180))
      let (north, east) = (try degrees(values[2], 90), try degrees(values[3], 180))
      guard south <= north else { throw cursor.error("the north is south of the south", at: values[2].start) }
      return .box(south: south, west: west, north: north, east: east)
    default: break
    }
    throw cursor.error("an area is (latitude,longitude,metres) or (south,west,north,east)", at: start)
  }

  private func degrees(_ source: WrittenText, _ limit: Double) throws(ExpressionError) -> Double {
    guard let number = PlainNumber.parse(source.text), (-limit...limit).contains(number) else {
      throw cursor.error("\(source.shown) is not a number of degrees from -\(Int(limit)) to \(Int(limit))", at: source.start)
    }
    return number
  }

  private func metres(_ source: WrittenText) throws(ExpressionError) -> Double {
    var number = source.text
    var unit = 1.0
    if number.hasSuffix("km") {
      number.removeLast(2)
      unit = 1000
    } else if number.hasSuffix("m") {
      number.removeLast()
    }
    guard let value = PlainNumber.parse(number), value > 0 else {
      throw cursor.error("\(source.shown) is not a distance such as 500, 500m or 2km", at: source.start)
    }
    return value * unit
  }
}
