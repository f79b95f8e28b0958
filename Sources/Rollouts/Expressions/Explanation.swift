/// What an expression says of a thing, comparison by comparison.
public struct Explanation: Sendable, Hashable {
  public let isTrue: Bool
  /// In the order of the text.
  public let clauses: [Clause]

  public struct Clause: Sendable, Hashable {
    /// The comparison as it stands in the expression.
    public let text: String
    /// What the thing has; nil where it has nothing.
    public let value: String?
    public let isTrue: Bool
    /// Why it is false where that is more than a value that does not fit: "the thing has no resource battery".
    public let note: String?
    /// Whether the outcome of the whole rests on it: the first false part of an `and` that failed and the first true one of an
    /// `or` that holds do; where an `and` holds or an `or` fails, all of its parts do.
    public let decides: Bool
  }
}
