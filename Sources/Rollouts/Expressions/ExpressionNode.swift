/// The comparisons of an expression, by number, and how they are joined.
indirect enum ExpressionNode: Sendable {
  case comparison(Int)
  case all([ExpressionNode])
  case any([ExpressionNode])

  func holds(_ comparisons: [Comparison], for thing: some ThingState) -> Bool {
    switch self {
    case .comparison(let index): return comparisons[index].holds(for: thing)
    case .all(let nodes):
      for node in nodes where !node.holds(comparisons, for: thing) { return false }
      return true
    case .any(let nodes):
      for node in nodes where node.holds(comparisons, for: thing) { return true }
      return false
    }
  }

  /// The same from outcomes that are known already.
  func holds(_ outcomes: [Bool]) -> Bool {
    switch self {
    case .comparison(let index): outcomes[index]
    case .all(let nodes): nodes.allSatisfy { $0.holds(outcomes) }
    case .any(let nodes): nodes.contains { $0.holds(outcomes) }
    }
  }

  /// Marks the comparisons on which the outcome rests.
  func markDeciding(_ outcomes: [Bool], in marks: inout [Bool]) {
    switch self {
    case .comparison(let index): marks[index] = true
    case .all(let nodes):
      for node in nodes.first(where: { !$0.holds(outcomes) }).map({ [$0] }) ?? nodes { node.markDeciding(outcomes, in: &marks) }
    case .any(let nodes):
      for node in nodes.first(where: { $0.holds(outcomes) }).map({ [$0] }) ?? nodes { node.markDeciding(outcomes, in: &marks) }
    }
  }

  /// The tree as text, with no more parentheses than it needs to be read as the same tree.
  func written(_ comparisons: [Comparison]) -> String {
    switch self {
    case .comparison(let index): comparisons[index].written
    case .all(let nodes): nodes.map { $0.writtenInside(comparisons) }.joined(separator: " and ")
    case .any(let nodes): nodes.map { $0.writtenInside(comparisons) }.joined(separator: " or ")
    }
  }

  private func writtenInside(_ comparisons: [Comparison]) -> String {
    if case .comparison(let index) = self { return comparisons[index].written }
    return "(\(written(comparisons)))"
  }
}
