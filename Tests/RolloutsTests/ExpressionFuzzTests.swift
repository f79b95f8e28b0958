import TestSupport
import Testing

@testable import Rollouts

/// Texts as an attacker, a typing error, or chance makes them.
@Suite("Expressions of any shape") struct ExpressionFuzzTests {
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `random trees mean in every style what the obvious way says`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    var outcomes = [0, 0]
    for _ in 0..<50 {
      let tree = ReferenceExpression.random(depth: 3, using: &random)
      let texts = ReferenceExpression.Style.allCases.map(tree.text)
      let expressions = try texts.map { try Expression(parsing: $0) }
      let again = try expressions.map { try Expression(parsing: $0.description) }
      for _ in 0..<20 {
        let thing = ReferenceExpression.thing(using: &random)
        let expected = tree.holds(thing)
        outcomes[expected ? 1 : 0] += 1
        for (expression, text) in zip(expressions + again, texts + texts) {
          let isSame = expression.matches(thing) == expected && expression.explain(thing).isTrue == expected
          #expect(isSame, "\(text) of \(thing)")
          if !isSame { return }
        }
      }
    }
    #expect(outcomes.allSatisfy { $0 > 100 }, "\(outcomes)")
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `what decides is enough to tell the outcome`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    for _ in 0..<100 {
      let text = ReferenceExpression.random(depth: 3, using: &random).text(.words)
      let explanation = try Expression(parsing: text).explain(ReferenceExpression.thing(using: &random))
      let deciding = explanation.clauses.filter(\.decides)
      #expect(!deciding.isEmpty)
      #expect(deciding.allSatisfy { $0.isTrue == explanation.isTrue }, "\(text)")
    }
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `mutated expressions are refused at a place in the text, or keep their meaning when written anew`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let alphabet = Array("()\"'\\*=<>!;,. \tandorinwthg0159mk:-ü".utf8)
    var taken = 0
    for _ in 0..<1000 {
      let style = ReferenceExpression.Style.allCases.randomElement(using: &random)!
      var bytes = Array(
        (Self.seeds + [ReferenceExpression.random(depth: 2, using: &random).text(style)]).randomElement(using: &random)!.utf8)
      for _ in 0..<Int.random(in: 1...3, using: &random) { Self.mutate(&bytes, alphabet, &random) }
      taken += try Self.check(String(decoding: bytes, as: UTF8.self), &random) ? 1 : 0
    }
    #expect(taken > 20)
  }

  @Test func `random bytes never do harm`() throws {
    var random = SeededGenerator(seed: 99)
    for _ in 0..<3000 {
      _ = try Self.check(String(decoding: random.bytes(Int.random(in: 0...80, using: &random)), as: UTF8.self), &random)
    }
  }

  private static let seeds = [
    "geo=within=(52.5,13.4,3km) and resource.x<2026-01-01", "setting.a.\"b c\"!=\"*x\\**\";age.n<2h",
    "description.a==tr*,mcu.'m 1'.version=in=(1.2,1.3)", "lastSeen>\"2026-01-31T10:00:00+02:00\" or id==x*y*z",
    "geo=within=(\"1 \", '-2',\"3 km\")",
  ]

  private static func mutate(_ bytes: inout [UInt8], _ alphabet: [UInt8], _ random: inout SeededGenerator) {
    guard !bytes.isEmpty else { return }
    let place = Int.random(in: bytes.indices, using: &random)
    let other = Int.random(in: place..<min(bytes.count, place + 12), using: &random)
    switch Int.random(in: 0..<5, using: &random) {
    case 0: bytes[place] = alphabet.randomElement(using: &random)!
    case 1: bytes.insert(alphabet.randomElement(using: &random)!, at: place)
    case 2: bytes.removeSubrange(place...other)
    case 3: bytes.insert(contentsOf: Array(bytes[place...other]), at: place)
    default: bytes.swapAt(place, other)
    }
  }

  /// - Returns: whether the text is an expression.
  private static func check(_ text: String, _ random: inout SeededGenerator) throws -> Bool {
    let expression: Expression
    do throws(ExpressionError) {
      expression = try Expression(parsing: text)
    } catch {
      #expect((1...text.count + 1).contains(error.position), "\(text): \(error)")
      return false
    }
    let again = try Expression(parsing: expression.description)
    #expect(again.description == expression.description, "\(text)")
    #expect(again.attributes == expression.attributes, "\(text)")
    for thing in [SampleThing.full, .empty, ReferenceExpression.thing(using: &random)] {
      let (first, second) = (expression.explain(thing), again.explain(thing))
      #expect(first.clauses.map(\.isTrue) == second.clauses.map(\.isTrue), "\(text)")
      #expect(first.clauses.map(\.note) == second.clauses.map(\.note), "\(text)")
      #expect(first.isTrue == second.isTrue && expression.matches(thing) == first.isTrue, "\(text)")
    }
    return true
  }
}
