import Domain
import Foundation
import TestSupport
import Testing

@Suite struct TextTests {
  @Test(arguments: [
    "i.MX 8M Mini", "2.06-13deb12u1", "a", "...", "ÖÄ", "温度計", "🌡️x", "e\u{301}", "1+2=3", "a/b", "\"", "%00", "../x",
  ])
  func `what is printed on a chip or a box is a name`(text: String) {
    // An emoji's variation selector is a mark, not a format character.
    #expect(PrintableText.isName(text))
  }

  @Test(arguments: [
    "", " ", " a", "a ", ".", "..", "a\nb", "a\tb", "a\u{0}b", "\u{7F}", "a\u{85}b", "a\u{200B}b", "a\u{202E}b", "a\u{2028}b",
    "a\u{2029}b",
    "a\u{A0}b", "a\u{3000}b", "\u{FEFF}a", "a\u{E000}", "a\u{FFFF}", "a\r\nb", "a\u{200D}b",
  ])
  func `blanks at the ends and characters that can not be seen are refused`(text: String) {
    #expect(!PrintableText.isName(text))
  }

  @Test func `a name has at most 64 characters, however they are made up`() {
    #expect(PrintableText.isName(String(repeating: "ä", count: 64)))
    #expect(!PrintableText.isName(String(repeating: "a", count: 65)))
    #expect(!PrintableText.isName("a" + String(repeating: "\u{301}", count: 64)))
  }

  @Test func `of ASCII all but control characters can be in a name, with a letter of another kind beside it or not`() {
    for byte in UInt8(0)...127 {
      let character = Character(Unicode.Scalar(byte))
      for text in ["a\(character)b", "ä\(character)b"] {
        #expect(PrintableText.isName(text) == (0x20...0x7E).contains(byte), "\(byte)")
      }
    }
    #expect(!PrintableText.isName("abc", longest: 2) && PrintableText.isName("ab", longest: 2))
  }

  @Test func `hexadecimal text comes back as it was, in either case`() {
    let bytes = (0...255).map { UInt8($0) }
    let text = Hexadecimal.encode(bytes)
    #expect(text.hasPrefix("000102") && text.hasSuffix("fdfeff") && text == text.lowercased())
    #expect(Hexadecimal.decode(text) == bytes)
    #expect(Hexadecimal.decode(text.uppercased()) == bytes)
    #expect(Hexadecimal.decode("") == [])
    for bad in ["0", "0g", "g0", "0x", " 0", "00 ", "é", "００", "/0", ":0", "@0", "`0"] {
      #expect(Hexadecimal.decode(bad) == nil)
    }
  }

  @Test func `base64url agrees with Foundation's base64`() {
    var random = SeededGenerator(seed: 5)
    for length in 0..<200 {
      let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
      let expected = Data(bytes).base64EncodedString().replacingOccurrences(of: "+", with: "-").replacingOccurrences(
        of: "/", with: "_"
      )
      .replacingOccurrences(of: "=", with: "")
      #expect(Base64URL.encode(bytes) == expected)
    }
    let characters = (0...255).map { UInt8($0) }.filter(Base64URL.isCharacter)
    #expect(String(decoding: characters, as: UTF8.self) == "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz")
  }

  @Test func `a digest is 32 bytes or their exact text`() throws {
    let bytes = (0..<32).map { UInt8($0 * 8) }
    let digest = try #require(ImageDigest(bytes: bytes))
    #expect(ImageDigest(hex: digest.hex) == digest)
    #expect(ImageDigest(digest.description) == digest)
    #expect(digest.description.hasPrefix("sha256:0008"))
    for length in [0, 31, 33] { #expect(ImageDigest(bytes: [UInt8](repeating: 0, count: length)) == nil) }
    for bad in [
      digest.hex.uppercased(), String(digest.hex.dropLast()), digest.hex + "0", "../" + digest.hex.dropFirst(3),
      digest.description,
    ] {
      #expect(ImageDigest(hex: bad) == nil)
    }
    for bad in [digest.hex, "SHA256:" + digest.hex, "sha256:", "sha512:" + digest.hex, "sha256:" + digest.hex.uppercased()] {
      #expect(ImageDigest(bad) == nil)
    }
    let json = try JSONEncoder().encode([digest])
    #expect(try JSONDecoder().decode([ImageDigest].self, from: json) == [digest])
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([ImageDigest].self, from: Data(#"["00"]"#.utf8)) }
  }

  @Test func `a token is 43 characters of its alphabet and does not print itself`() throws {
    let secret = Base64URL.encode([UInt8](repeating: 0xFB, count: 32))
    let token = try #require(ThingToken(secret))
    #expect(token.secret == secret && secret.count == ThingToken.length)
    for text in ["\(token)", String(describing: token), String(describing: Optional(token))] { #expect(!text.contains(secret)) }
    for bad in [
      "", String(secret.dropLast()), secret + "A", secret.dropLast() + "=", secret.dropLast() + "é", secret.dropLast(2) + "é",
    ] {
      #expect(ThingToken(bad) == nil)
    }
  }

  @Test func `a token does not show itself to a mirror or a dump`() throws {
    let secret = Base64URL.encode([UInt8](repeating: 0xFB, count: 32))
    var text = ""
    dump(try #require(ThingToken(secret)), to: &text)
    debugPrint([ThingToken(secret)], to: &text)
    #expect(!text.contains(secret))
  }
}
