import Domain
import Foundation
import TestSupport
import Testing

/// The parser that reads every body (RFC 8259), beside Foundation's, which may take a little more and reads the same.
@Suite struct JSONParserTests {
  @Test(arguments: [
    ("null", JSONValue.null), ("true", .bool(true)), (" false\r\n\t", .bool(false)), ("0", .integer(0)), ("-0", .integer(0)),
    ("-12", .integer(-12)), ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
    ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.5", .number(1.5)), ("-2.5e-3", .number(-0.0025)),
    ("1E2", .integer(100)), ("21.0", .integer(21)), ("1e18", .integer(1_000_000_000_000_000_000)), ("1e-400", .integer(0)),
    (#""""#, .string("")), (#""ü€😀""#, .string("ü€😀")), (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")),
    (#""\u00fc\u20AC\ud83d\ude00\u0000""#, .string("ü€😀\u{0}")), ("\"\u{7F}\"", .string("\u{7F}")), ("[]", .array([])),
    ("[1, [2] ,{}]", .array([.integer(1), .array([.integer(2)]), .object([:])])),
    (#"{"a":1,"b":{"c":null}}"#, .object(["a": .integer(1), "b": .object(["c": .null])])),
    (#"{"a":1,"a":2}"#, .object(["a": .integer(2)])), ("\u{FEFF}{}", .object([:])),
  ])
  func readsEveryKindOfValue(text: String, value: JSONValue) throws {
    #expect(try JSONValue(parsing: text) == value)
  }

  @Test(arguments: [
    "", " ", "nul", "nulls", "True", "01", "-", "-a", "+1", ".5", "1.", "1.e2", "1e", "1e+", "0x1", "1e999", "NaN", "Infinity",
    "\"", "\"a", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\\ud800\"", "\"\\ud800x\"", "\"\\ud800\\u0041\"",
    "\"\\udc00\"", "\"\u{1F}\"", "\"\n\"", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "[1}", "{", "{]", "{1:2}", "{\"a\"}",
    "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{a:1}", "{'a':1}", "{\"a\":1}}", "1 1", "\u{0}", "// a\n1", "\u{A0}1",
  ])
  func refusesWhatIsNotByTheGrammar(text: String) {
    #expect(throws: JSONParsingError.malformed) { _ = try JSONValue(parsing: text) }
  }

  @Test func bytesThatAreNotUTF8AreRefused() {
    for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xC3]] {
      #expect(throws: JSONParsingError.notUTF8) { _ = try JSONValue(parsing: [0x22] + bytes + [0x22]) }
      #expect(throws: JSONParsingError.notUTF8) { _ = try JSONValue(parsing: [0x22, 0x5C, 0x6E] + bytes + [0x22]) }
    }
  }

  @Test func depthHasAnEnd() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[{\"a\":", count: depth) + "1" + String(repeating: "}]", count: depth)
    }
    #expect(try JSONValue(parsing: nested(16), deepest: 32) != .null)
    #expect(throws: JSONParsingError.tooDeep) { _ = try JSONValue(parsing: nested(17), deepest: 32) }
    #expect(throws: JSONParsingError.tooDeep) { _ = try JSONValue(parsing: String(repeating: "[", count: 1 << 20)) }
  }

  /// Random bytes and damaged texts: never a crash, and nothing is taken that Foundation refuses or reads otherwise.
  @Test func agreesWithFoundation() throws {
    var random = SeededGenerator(seed: 8259)
    let alphabet = Array(#"{}[]:,"\ 019.eE+-tfnulaürsd\u00e4\ud83d"#.utf8)
    var taken = 0
    for round in 0..<20_000 {
      var bytes = Array(Self.value(depth: 4, &random).json.utf8)
      if round % 4 != 0 {
        for _ in 0...Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
          let place = Int.random(in: 0..<bytes.count, using: &random)
          switch Int.random(in: 0...2, using: &random) {
          case 0: bytes[place] = alphabet.randomElement(using: &random)!
          case 1: bytes.remove(at: place)
          default: bytes.insert(alphabet.randomElement(using: &random)!, at: place)
          }
        }
      }
      guard let value = try? JSONValue(parsing: bytes) else { continue }
      taken += 1
      let text = String(decoding: bytes, as: UTF8.self)
      let other = try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])
      #expect(other != nil, "\(text)")
      #expect(try JSONValue(parsing: value.json) == value, "\(text)")
      if round % 4 == 0 { #expect(try JSONDecoder().decode(JSONValue.self, from: Data(bytes)) == value, "\(text)") }
    }
    #expect(taken > 6000)
  }

  private static func value(depth: Int, _ random: inout SeededGenerator) -> JSONValue {
    switch Int.random(in: 0...(depth > 0 ? 6 : 4), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .integer(Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0...63, using: &random))
    case 3: return .number(Double.random(in: -1000...1000, using: &random) + 0.000_1)
    case 4:
      let letters = Array("aü€😀\"\\/\n\u{1}z")
      return .string(String((0..<Int.random(in: 0...6, using: &random)).map { _ in letters.randomElement(using: &random)! }))
    case 5: return .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(depth: depth - 1, &random) })
    default:
      let names = (0..<Int.random(in: 0...4, using: &random)).map { "k\($0)ü" }
      return .object(Dictionary(uniqueKeysWithValues: names.map { ($0, value(depth: depth - 1, &random)) }))
    }
  }

  private struct Shape: Codable, Equatable {
    enum Kind: String, Codable { case plain, other }
    var name: String
    var count: Int?
    var small: UInt8 = 0
    var share: Double
    var kind: Kind
    var lists: [[Bool]]
    var anything: JSONValue
    var byName: [String: Int64]
    var optional: JSONValue?
  }

  @Test func shapesAreDecodedAsFoundationDoes() throws {
    let good =
      #"{"name":"n","count":3,"small":255,"share":1,"kind":"other","lists":[[true],[]],"anything":[{}],"byName":{"a":1}}"#
    let shape = try JSONValueDecoder.decode(Shape.self, from: try JSONValue(parsing: good))
    #expect(try JSONDecoder().decode(Shape.self, from: Data(good.utf8)) == shape)
    for (old, new) in [
      ("\"n\"", "7"), ("\"n\"", "null"), ("\"name\":\"n\",", ""), ("255", "256"), ("255", "-1"), ("3", "3.5"), ("3", "\"3\""),
      ("\"share\":1", "\"share\":\"1\""), ("other", "third"), ("[true]", "[1]"), ("[[true],[]]", "{}"), ("{\"a\":1}", "[]"),
      ("{\"a\":1}", "{\"a\":null}"), ("\"anything\":[{}],", ""),
    ] {
      let bad = good.replacing(old, with: new)
      func keys(_ error: (any Error)?) -> [String]? {
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): (context.codingPath + [key]).map(\.stringValue)
        case .typeMismatch(_, let context), .valueNotFound(_, let context): context.codingPath.map(\.stringValue)
        // Of a number that does not fit, Foundation does not say where it stands.
        case .dataCorrupted: []
        default: nil
        }
      }
      let ours = #expect(throws: DecodingError.self, "\(bad)") {
        _ = try JSONValueDecoder.decode(Shape.self, from: try JSONValue(parsing: bad))
      }
      let theirs = #expect(throws: DecodingError.self) { _ = try JSONDecoder().decode(Shape.self, from: Data(bad.utf8)) }
      #expect(
        keys(ours) != nil && keys(ours) == keys(theirs), "\(bad): \(String(describing: ours)), \(String(describing: theirs))")
    }
  }
}
