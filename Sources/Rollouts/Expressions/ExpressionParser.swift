/// Reads the structure of an expression: parentheses, `and`, `or`, and operators. It goes over the text once.
struct ExpressionParser {
  static let longest = 4096
  static let deepest = 32
  static let mostComparisons = 64

  var cursor: TextCursor
  private(set) var comparisons: [Comparison] = []

  init(_ text: String) throws(ExpressionError) {
    guard text.utf8.count <= Self.longest else {
      let start = TextCursor(String(decoding: text.utf8.prefix(Self.longest), as: UTF8.self))
      throw start.error("an expression has at most \(Self.longest) bytes", at: start.bytes.count)
    }
    cursor = TextCursor(text)
  }

  mutating func parse() throws(ExpressionError) -> ExpressionNode {
    let root = try alternatives(depth: 0)
    guard cursor.isAtEnd else {
      throw cursor.error(
        cursor.next == UInt8(ascii: ")") ? "no parenthesis is open here" : "here must be `and`, `or`, `;`, `,` or the end")
    }
    return root
  }

  private mutating func alternatives(depth: Int) throws(ExpressionError) -> ExpressionNode {
    var nodes = [try sequence(depth: depth)]
    while takeJoint("or", UInt8(ascii: ",")) { nodes.append(try sequence(depth: depth)) }
    return nodes.count == 1 ? nodes[0] : .any(nodes)
  }

  private mutating func sequence(depth: Int) throws(ExpressionError) -> ExpressionNode {
    var nodes = [try term(depth: depth)]
    while takeJoint("and", UInt8(ascii: ";")) { nodes.append(try term(depth: depth)) }
    return nodes.count == 1 ? nodes[0] : .all(nodes)
  }

  private mutating func term(depth: Int) throws(ExpressionError) -> ExpressionNode {
    cursor.skipBlanks()
    let start = cursor.offset
    guard cursor.take(UInt8(ascii: "(")) else { return .comparison(try comparison()) }
    guard depth < Self.deepest else {
      throw cursor.error("there are more than \(Self.deepest) parentheses within each other", at: start)
    }
    let node = try alternatives(depth: depth + 1)
    guard cursor.take(UInt8(ascii: ")")) else {
      throw cursor.isAtEnd
        ? cursor.error("this parenthesis is not closed", at: start)
        : cursor.error("here must be `and`, `or`, `;`, `,` or `)`")
    }
    return node
  }

  /// Goes past the joint if it is here: the sign, or the word between blanks or parentheses, in any case.
  private mutating func takeJoint(_ word: StaticString, _ sign: UInt8) -> Bool {
    cursor.skipBlanks()
    if cursor.take(sign) { return true }
    guard let previous = cursor.previous, TextCursor.isBlank(previous) || previous == UInt8(ascii: ")") else { return false }
    let length = word.utf8CodeUnitCount
    for index in 0..<length where cursor.peek(index).map({ $0 | 0x20 }) != word.utf8Start[index] { return false }
    if let after = cursor.peek(length), !TextCursor.isBlank(after), after != UInt8(ascii: "(") { return false }
    cursor.advance(by: length)
    return true
  }

  /// Reads a comparison and gives its number.
  private mutating func comparison() throws(ExpressionError) -> Int {
    let start = cursor.offset
    guard comparisons.count < Self.mostComparisons else {
      throw cursor.error("there are more than \(Self.mostComparisons) comparisons")
    }
    let attribute = try self.attribute()
    cursor.skipBlanks()
    let place = cursor.offset
    let sign = try comparisonSign(after: attribute)
    guard sign.fits(attribute.kind) else {
      let fitting = ComparisonSign.allCases.filter { $0.fits(attribute.kind) }.map(\.rawValue).joined(separator: " ")
      throw cursor.error("\(sign.rawValue) does not fit \(attribute.name), which takes \(fitting)", at: place)
    }
    cursor.skipBlanks()
    let (test, written) = try self.test(attribute, sign)
    let text = cursor.text(from: start)
    comparisons.append(
      Comparison(attribute: attribute, test: test, text: text, written: attribute.name + sign.rawValue + written))
    return comparisons.count - 1
  }

  private mutating func comparisonSign(after attribute: ThingAttribute) throws(ExpressionError) -> ComparisonSign {
    switch (cursor.next, cursor.peek(1)) {
    case (UInt8(ascii: "<"), UInt8(ascii: "=")): return taken(.lessOrSame, 2)
    case (UInt8(ascii: "<"), _): return taken(.less, 1)
    case (UInt8(ascii: ">"), UInt8(ascii: "=")): return taken(.greaterOrSame, 2)
    case (UInt8(ascii: ">"), _): return taken(.greater, 1)
    case (UInt8(ascii: "!"), UInt8(ascii: "=")): return taken(.unequal, 2)
    case (UInt8(ascii: "="), UInt8(ascii: "=")): return taken(.equal, 2)
    case (UInt8(ascii: "="), _): return try comparisonWord()
    default: throw cursor.error("an operator such as == is missing after \(attribute.name)")
    }
  }

  /// Reads `=lt=` and its like.
  private mutating func comparisonWord() throws(ExpressionError) -> ComparisonSign {
    var length = 1
    while let byte = cursor.peek(length), TextCursor.isLetter(byte), length < 16 { length += 1 }
    guard cursor.peek(length) == UInt8(ascii: "=") else { throw cursor.error("a single = is no operator, equal is ==") }
    let start = cursor.offset
    cursor.advance(by: length + 1)
    switch cursor.text(from: start) {
    case "=lt=": return .less
    case "=le=": return .lessOrSame
    case "=gt=": return .greater
    case "=ge=": return .greaterOrSame
    case "=in=": return .among
    case "=out=": return .notAmong
    case "=within=": return .within
    case let word: throw cursor.error("there is no operator \(word)", at: start)
    }
  }

  private mutating func taken(_ sign: ComparisonSign, _ length: Int) -> ComparisonSign {
    cursor.advance(by: length)
    return sign
  }
}
