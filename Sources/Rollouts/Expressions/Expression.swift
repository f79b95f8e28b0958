/// A condition on the state of a thing, in RSQL or FIQL: `model==gateway and (resource.battery>20 or tag==beta)`.
///
/// `and` (or `;`) binds tighter than `or` (or `,`). A value that a thing does not have makes each comparison with it false, the
/// negative ones too, and so does one of another kind.
public struct Expression: Sendable, Hashable, CustomStringConvertible {
  /// As it was given.
  public let text: String
  /// What it asks of a thing, so that only that is read and kept.
  public let attributes: Set<ThingAttribute>
  private let comparisons: [Comparison]
  private let root: ExpressionNode

  /// Reads a text of at most 4,096 bytes, 64 comparisons and 32 parentheses within each other, in time linear in its length.
  public init(parsing text: String) throws(ExpressionError) {
    var parser = try ExpressionParser(text)
    root = try parser.parse()
    comparisons = parser.comparisons
    attributes = Set(comparisons.map(\.attribute))
    self.text = text
  }

  /// Whether it is true of the thing. It asks for no more values than it needs, and builds nothing.
  public func matches(_ thing: some ThingState) -> Bool { root.holds(comparisons, for: thing) }

  /// The same with the reasons: every comparison is made, and asks for its value.
  public func explain(_ thing: some ThingState) -> Explanation {
    let explained = comparisons.map { $0.explain(thing) }
    let outcomes = explained.map(\.isTrue)
    var decides = [Bool](repeating: false, count: comparisons.count)
    root.markDeciding(outcomes, in: &decides)
    let clauses = comparisons.indices.map { index in
      Explanation.Clause(
        text: comparisons[index].text, value: explained[index].value, isTrue: outcomes[index], note: explained[index].note,
        decides: decides[index])
    }
    return Explanation(isTrue: root.holds(outcomes), clauses: clauses)
  }

  /// Whether it may become true or false by the passing of time alone.
  public var looksAtTime: Bool {
    attributes.contains { attribute in
      switch attribute {
      case .age, .lastSeen: true
      case .id, .controllerID, .model, .mcuVersion, .tag, .resource, .setting, .description, .activatedAt, .owner, .linked,
        .geo:
        false
      }
    }
  }

  /// The expression in one form for all ways to write it.
  public var description: String { root.written(comparisons) }

  /// Texts of other bytes may mean something else, though their characters are equal.
  public static func == (left: Expression, right: Expression) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

  public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
