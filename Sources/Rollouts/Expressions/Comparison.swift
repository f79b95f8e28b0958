/// One comparison of an expression. An object, since it is asked again and again and never changes.
final class Comparison: Sendable {
  enum Test: Sendable {
    case equal(Literal)
    case unequal(Literal)
    case order(Order, Literal)
    case among([Literal])
    case notAmong([Literal])
    case within(GeographicArea)
  }

  enum Order: Sendable { case less, lessOrSame, greaterOrSame, greater }

  /// What a value makes of a test: a mere false, or a false that is worth a note.
  enum Outcome: Sendable { case holds, fails, unfit, unordered }

  let attribute: ThingAttribute
  let test: Test
  /// As it stands in the expression.
  let text: String
  /// In one form for all ways to write it.
  let written: String

  init(attribute: ThingAttribute, test: Test, text: String, written: String) {
    (self.attribute, self.test, self.text, self.written) = (attribute, test, text, written)
  }

  func holds(for thing: some ThingState) -> Bool { value(in: thing).map { outcome(for: $0) == .holds } ?? false }

  /// The value, whether the comparison holds, and what else there is to say.
  func explain(_ thing: some ThingState) -> (value: String?, isTrue: Bool, note: String?) {
    guard let value = value(in: thing) else { return (nil, false, attribute.missingNote) }
    switch outcome(for: value) {
    case .holds: return (value.text, true, nil)
    case .fails: return (value.text, false, value == .texts([]) ? attribute.missingNote : nil)
    case .unfit: return (value.text, false, "is \(value.kindInWords), not \(wantedInWords)")
    case .unordered: return (value.text, false, "has no order to \(wantedText)")
    }
  }

  /// No tags at all are an empty list, which is a value.
  private func value(in thing: some ThingState) -> AttributeValue? {
    thing.value(of: attribute) ?? (attribute == .tag ? .texts([]) : nil)
  }

  func outcome(for value: AttributeValue) -> Outcome {
    switch test {
    case .equal(let literal): return Self.outcome(literal.standing(of: value), same: true)
    case .unequal(let literal): return Self.outcome(literal.standing(of: value), same: false)
    case .order(let order, let literal): return Self.outcome(literal.standing(of: value), order)
    case .among(let literals): return Self.outcome(Self.standing(of: value, among: literals), same: true)
    case .notAmong(let literals): return Self.outcome(Self.standing(of: value, among: literals), same: false)
    case .within(let area):
      guard case .point(let point) = value else { return .unfit }
      return area.contains(point) ? .holds : .fails
    }
  }

  private static func outcome(_ standing: Literal.Standing, same: Bool) -> Outcome {
    standing == .unfit ? .unfit : (standing == .same) == same ? .holds : .fails
  }

  private static func outcome(_ standing: Literal.Standing, _ order: Order) -> Outcome {
    switch (standing, order) {
    case (.unfit, _): .unfit
    case (.different, _): .unordered
    case (.before, .less), (.before, .lessOrSame), (.same, .lessOrSame): .holds
    case (.after, .greater), (.after, .greaterOrSame), (.same, .greaterOrSame): .holds
    case (.before, _), (.same, _), (.after, _): .fails
    }
  }

  /// A list may hold values of several kinds; one of the kind of the value is enough for it to be comparable.
  private static func standing(of value: AttributeValue, among literals: [Literal]) -> Literal.Standing {
    var standing = Literal.Standing.unfit
    for literal in literals {
      switch literal.standing(of: value) {
      case .same: return .same
      case .unfit: break
      case .before, .after, .different: standing = .different
      }
    }
    return standing
  }

  private var literals: [Literal] {
    switch test {
    case .equal(let literal), .unequal(let literal), .order(_, let literal): [literal]
    case .among(let literals), .notAmong(let literals): literals
    case .within: []
    }
  }

  private var wantedInWords: String {
    var words: [String] = []
    for literal in literals where !words.contains(literal.kindInWords) { words.append(literal.kindInWords) }
    return words.isEmpty ? "a place" : words.joined(separator: " or ")
  }

  private var wantedText: String { literals.map(\.written).joined(separator: ", ") }
}
