import Domain
import Foundation
import TestSupport
import Testing

@Suite struct JSONValueTests {
  private func decoded(_ text: String) throws -> JSONValue { try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) }

  private func encoded(_ value: JSONValue) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  @Test(
    arguments: [
      ("null", .null), ("true", .bool(true)), ("false", .bool(false)), ("0", .integer(0)), ("1", .integer(1)),
      ("-7", .integer(-7)),
      ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)), ("1.5", .number(1.5)),
      ("\"\"", .string("")),
      ("\"1\"", .string("1")), ("\"true\"", .string("true")), ("\"a/ö\"", .string("a/ö")), ("[]", .array([])),
      ("{}", .object([:])),
      ("[null,[1],{\"a\":2.5}]", .array([.null, .array([.integer(1)]), .object(["a": .number(2.5)])])),
    ] as [(String, JSONValue)])
  func `every type comes back as the type it was`(text: String, value: JSONValue) throws {
    #expect(try decoded(text) == value)
    #expect(try encoded(value) == text)
  }

  @Test func `a whole number beyond 64 bits is a floating-point number`() throws {
    #expect(try decoded("9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try decoded("1e300") == .number(1e300))
  }

  @Test func `random values survive the round trip`() throws {
    var random = SeededGenerator(seed: 6)
    func value(_ depth: Int) -> JSONValue {
      switch Int.random(in: 0...(depth > 3 ? 4 : 6), using: &random) {
      case 0: return .null
      case 1: return .bool(Bool.random(using: &random))
      case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
      case 3: return .number(Double.random(in: -1e9...1e9, using: &random) + 0.123)
      case 4: return .string(String(UInt64.random(in: 0...999, using: &random), radix: 36) + "\"\\\n\u{1F600}")
      case 5: return .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth + 1) })
      default:
        let names = (0..<Int.random(in: 0...4, using: &random)).map { "n\($0)" }
        return .object(Dictionary(uniqueKeysWithValues: names.map { ($0, value(depth + 1)) }))
      }
    }
    for _ in 0..<200 {
      let one = value(0)
      #expect(try decoded(encoded(one)) == one)
    }
  }

  @Test func `members and texts are found only where they are`() {
    let value = JSONValue.object(["a": .string("x"), "n": .integer(1)])
    #expect(value["a"]?.text == "x")
    #expect(value["b"] == nil && value["n"]?.text == nil && value.text == nil)
    #expect(JSONValue.array([value])["a"] == nil)
  }

  @Test func `text that is no JSON is refused`() {
    for text in ["", "{", "[,]", "nul", "{\"a\":}", "'a'", "01"] { #expect(throws: (any Error).self) { try decoded(text) } }
  }
}
