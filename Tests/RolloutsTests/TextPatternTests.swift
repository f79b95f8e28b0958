import TestSupport
import Testing

@testable import Rollouts

@Suite("Texts with stars") struct TextPatternTests {
  private static func pattern(_ text: String) -> TextPattern {
    TextPattern(pieces: text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map(Array.init))
  }

  /// The obvious way: each star tries every length.
  private static func slowly(_ pattern: Substring, _ text: Substring) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == "*" {
      return text.indices.contains { slowly(pattern.dropFirst(), text[$0...]) }
        || slowly(pattern.dropFirst(), text[text.endIndex...])
    }
    return text.first == first && slowly(pattern.dropFirst(), text.dropFirst())
  }

  @Test func `stars match as the slow way says`() {
    var random = SeededGenerator(seed: 11)
    var matched = 0
    for _ in 0..<20_000 {
      let pattern = String((0..<Int.random(in: 0...7, using: &random)).map { _ in "aab**".randomElement(using: &random)! })
      let text = String((0..<Int.random(in: 0...9, using: &random)).map { _ in "aab".randomElement(using: &random)! })
      let outcome = Self.pattern(pattern).matches(text)
      #expect(outcome == Self.slowly(pattern[...], text[...]), "\(pattern) \(text)")
      matched += outcome ? 1 : 0
    }
    #expect(matched > 2000)
  }

  @Test func `hostile patterns take no longer than others`() {
    let text = String(repeating: "a", count: 1_000_000)
    #expect(!Self.pattern(String(repeating: "*a", count: 1000) + "*b").matches(text))
    #expect(!Self.pattern("*a*a*a*b").matches(text))
    #expect(!Self.pattern("*" + String(repeating: "a", count: 2000) + "b*").matches(text))
    #expect(Self.pattern("*" + String(repeating: "a", count: 2000) + "*").matches(text))
    #expect(!Self.pattern("a*a").matches("a"))
    #expect(Self.pattern("a*a").matches("aa"))
  }
}
