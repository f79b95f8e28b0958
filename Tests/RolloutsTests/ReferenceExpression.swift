import Domain

@testable import Rollouts

/// A random expression that is not read from text, and is evaluated in the most obvious way.
indirect enum ReferenceExpression {
  case numbers(String, [Int])
  case words(String, [String])
  case tags(String, [String])
  case versions(String, [Int])
  case days(String, [Int])
  case ages(String, [Int])
  case linked(Bool, Bool)
  case all([ReferenceExpression])
  case any([ReferenceExpression])

  private static let signs = ["==", "!=", "<", "<=", ">", ">=", "=in=", "=out="]
  private static let textSigns = ["==", "!=", "=in=", "=out="]
  static let vocabulary = ["ab", "a", "b", "abab", "and", "a b", "x*y", "\"", "'", "\\", "ü", "(,;)", "5"]

  static func random(depth: Int, using random: inout some RandomNumberGenerator) -> ReferenceExpression {
    if depth > 0, Int.random(in: 0..<3, using: &random) > 0 {
      let parts = (0..<Int.random(in: 2...3, using: &random)).map { _ in Self.random(depth: depth - 1, using: &random) }
      return Bool.random(using: &random) ? .all(parts) : .any(parts)
    }
    let sign = signs.randomElement(using: &random)!
    let textSign = textSigns.randomElement(using: &random)!
    func count(_ sign: String) -> Int {
      sign.hasSuffix("in=") || sign.hasPrefix("=o") ? Int.random(in: 1...3, using: &random) : 1
    }
    func numbers() -> [Int] { (0..<count(sign)).map { _ in Int.random(in: 0...4, using: &random) } }
    func words() -> [String] { (0..<count(textSign)).map { _ in vocabulary.randomElement(using: &random)! } }
    switch Int.random(in: 0..<7, using: &random) {
    case 0: return .numbers(sign, numbers())
    case 1: return .words(textSign, words())
    case 2: return .tags(textSign, words())
    case 3: return .versions(sign, numbers())
    case 4: return .days(sign, numbers())
    case 5: return .ages(sign, numbers())
    default: return .linked(Bool.random(using: &random), Bool.random(using: &random))
    }
  }

  /// A thing on which about half of the random comparisons hold.
  static func thing(using random: inout some RandomNumberGenerator) -> SampleThing {
    var thing = SampleThing.empty
    func number() -> Int { Int.random(in: 0...4, using: &random) }
    func word() -> String { vocabulary.randomElement(using: &random)! }
    let resources: [AttributeValue] = [
      .number(Double(number())), .text("\(number()).00"), .text(word()), .bool(true), .other("{}"), .number(2.5),
    ]
    thing.values[.resource("n")] = resources.randomElement(using: &random)
    thing.values[.model] = .text(word())
    thing.values[.tag] = .texts((0..<Int.random(in: 0...2, using: &random)).map { _ in word() })
    thing.values[.mcuVersion("main")] = .version(
      ["1.\(number())", "v1.\(number()).0", "factory"].randomElement(using: &random)!)
    thing.values[.activatedAt] = .time(day(number()))
    thing.values[.age("n")] = .number(Double(number()) * 60)
    thing.values[.linked] = .bool(Bool.random(using: &random))
    if let gone = thing.values.keys.sorted(by: { $0.name < $1.name }).randomElement(using: &random), gone != .tag {
      thing.values[gone] = nil
    }
    return thing
  }

  static func day(_ number: Int) -> Timestamp { Timestamp(iso8601: "2026-01-0\(number + 1)T00:00:00Z")! }

  func holds(_ thing: SampleThing) -> Bool {
    switch self {
    case .all(let parts): return parts.map { $0.holds(thing) } == parts.map { _ in true }
    case .any(let parts): return parts.map { $0.holds(thing) } != parts.map { _ in false }
    case .numbers(let sign, let numbers):
      let wanted = numbers.map(Double.init)
      switch thing.values[.resource("n")] {
      case .number(let value): return Self.test(value, sign, wanted)
      case .text(let text): return Double(text).map { Self.test($0, sign, wanted) } ?? false
      default: return false
      }
    case .words(let sign, let words):
      guard case .text(let value)? = thing.values[.model] else { return false }
      return words.contains(value) == (sign == "==" || sign == "=in=")
    case .tags(let sign, let words):
      guard case .texts(let values)? = thing.values[.tag] else { return false }
      return !Set(values).isDisjoint(with: words) == (sign == "==" || sign == "=in=")
    case .versions(let sign, let numbers):
      guard case .version(let text)? = thing.values[.mcuVersion("main")] else { return false }
      guard text != "factory" else { return sign == "!=" || sign == "=out=" }
      return Self.test(Int(text.split(separator: ".")[1])!, sign, numbers)
    case .days(let sign, let numbers):
      guard case .time(let time)? = thing.values[.activatedAt] else { return false }
      return Self.test(time, sign, numbers.map(Self.day))
    case .ages(let sign, let minutes):
      guard case .number(let value)? = thing.values[.age("n")] else { return false }
      return Self.test(value, sign, minutes.map { Double($0 * 60) })
    case .linked(let same, let wanted):
      guard case .bool(let value)? = thing.values[.linked] else { return false }
      return (value == wanted) == same
    }
  }

  private static func test<Value: Comparable>(_ value: Value, _ sign: String, _ wanted: [Value]) -> Bool {
    switch sign {
    case "==": value == wanted[0]
    case "!=": value != wanted[0]
    case "<": value < wanted[0]
    case "<=": value <= wanted[0]
    case ">": value > wanted[0]
    case ">=": value >= wanted[0]
    case "=in=": wanted.contains(value)
    default: !wanted.contains(value)
    }
  }
}
