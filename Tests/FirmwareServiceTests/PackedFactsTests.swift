import Domain
import TestSupport
import Testing

@testable import FirmwareService

@Suite("Packed facts") struct PackedFactsTests {
  private static let times: [Int64] = [0, -1, 1_750_000_000_000, .max, .min]
  private static let texts = [
    "", "a", "line-7", "größer", "e\u{301}", "\u{0}\u{7F}\u{FFFD}", "👩🏽‍🚀\u{200D}\u{FEFF}",
    String(repeating: "x", count: 70_000),
  ]
  private static let keys = ["battery", "place", "$settings", "a.b.c", ""]

  private static func text(_ random: inout SeededGenerator) -> String { texts.randomElement(using: &random)! }

  private static func time(_ random: inout SeededGenerator) -> Timestamp {
    Timestamp(milliseconds: times.randomElement(using: &random)!)
  }

  private static func value(_ random: inout SeededGenerator, depth: Int = 0) -> JSONValue {
    switch Int.random(in: 0..<(depth < 4 ? 7 : 5), using: &random) {
    case 0: .null
    case 1: .bool(Bool.random(using: &random))
    case 2: .integer(Int64(bitPattern: random.next() >> UInt64.random(in: 0..<64, using: &random)))
    case 3: .number(Double.random(in: -1e300...1e300, using: &random))
    case 4: .string(text(&random))
    case 5: .array((0..<Int.random(in: 0...3, using: &random)).map { _ in value(&random, depth: depth + 1) })
    default:
      .object(
        Dictionary(
          (0..<Int.random(in: 0...3, using: &random)).map { _ in (text(&random), value(&random, depth: depth + 1)) },
          uniquingKeysWith: { $1 }))
    }
  }

  private static func facts(_ random: inout SeededGenerator) -> ThingFacts {
    func maybe<Value>(_ value: Value) -> Value? { Bool.random(using: &random) ? value : nil }
    var facts = ThingFacts()
    facts.tags = (0..<Int.random(in: 0...3, using: &random)).map { _ in text(&random) }
    for key in keys where Bool.random(using: &random) {
      facts.values[key] = .init(value: value(&random), datetime: time(&random))
    }
    facts.activatedAt = maybe(time(&random))
    facts.lastSeenAt = maybe(time(&random))
    facts.owner = maybe(text(&random))
    facts.controllerID = maybe(text(&random))
    return facts
  }

  /// A rule asks for some of the keys; what was not asked for has its key with it.
  private static let asked: SharedNeeds = {
    var needs = FactNeeds()
    needs.keys = Set(keys.dropLast(2))
    return SharedNeeds(needs)
  }()

  @Test func `are unpacked as they were, whatever is in them`() {
    var random = SeededGenerator(seed: 11)
    for _ in 0..<500 {
      let facts = Self.facts(&random)
      #expect(KnownFacts(facts, to: Self.asked).facts == facts)
    }
  }

  @Test(arguments: [
    JSONValue.number(-0.0), .number(.infinity), .number(-.infinity), .number(.leastNonzeroMagnitude),
    .number(.greatestFiniteMagnitude), .number(1), .integer(1), .integer(.min), .integer(.max),
    .string(""), .string("\u{0}"), .string("é"), .string("e\u{301}"), .string("\u{10FFFF}"), .array([]), .object([:]),
    .object(["": .null]), .array([.object(["a": .array([.null, .bool(false), .number(0)])])]),
  ])
  func `have an unusual value as it was, to the bit`(value: JSONValue) throws {
    var facts = ThingFacts()
    facts.values["battery"] = .init(value: value, datetime: Timestamp(milliseconds: 1))
    let unpacked = try #require(KnownFacts(facts, to: Self.asked).facts.values["battery"])
    #expect(unpacked == facts.values["battery"])
    #expect(unpacked.value.json.utf8.elementsEqual(value.json.utf8))
    // What a dictionary takes for the same may have another sign, or another type of number.
    #expect("\(unpacked.value)".utf8.elementsEqual("\(value)".utf8))
  }

  @Test func `have a number that is none as it was`() throws {
    var facts = ThingFacts()
    facts.values["battery"] = .init(
      value: .number(Double(nan: 0x1234, signaling: false)), datetime: Timestamp(milliseconds: 1))
    guard case .number(let number)? = KnownFacts(facts, to: Self.asked).facts.values["battery"]?.value else {
      Issue.record("it is no number any more")
      return
    }
    #expect(number.bitPattern == Double(nan: 0x1234, signaling: false).bitPattern)
  }

  @Test func `have what is nested as deep as a thing may write it`() throws {
    let deepest = JSONValue.deepestByDefault
    for (opening, closing) in [("[", "]"), ("{\"a\":", "}")] {
      let text = String(repeating: opening, count: deepest) + "null" + String(repeating: closing, count: deepest)
      var facts = ThingFacts()
      facts.values["place"] = .init(value: try JSONValue(parsing: text), datetime: Timestamp(milliseconds: 0))
      #expect(KnownFacts(facts, to: Self.asked).facts.values["place"]?.value.json == text)
    }
  }

  @Test func `and the standing before them are changed without each other`() {
    var random = SeededGenerator(seed: 12)
    for number in 0..<300 {
      let first = PackedStandingTests.standing(&random)
      let record = ThingRecord(first, revision: 1)
      #expect(record.facts?.facts == nil)
      var facts = Self.facts(&random)
      record.facts = KnownFacts(facts, to: Self.asked)
      #expect(record.standing == first && record.facts?.facts == facts && record.facts?.shared === Self.asked)
      let second = PackedStandingTests.standing(&random)
      record.replace(second, revision: 2)
      facts.tags.append("tag-\(number)")
      #expect(record.facts?.facts.tags == facts.tags.dropLast())
      record.facts = KnownFacts(facts, to: Self.asked)
      #expect(record.facts?.facts == facts)
      record.facts = nil
      record.replace(first, revision: 3)
      #expect(record.facts?.facts == nil && record.standing.mcus == first.mcus)
      for delivery in first.deliveries { #expect(record.hasDelivery(of: delivery.rolloutID)) }
    }
  }
}
