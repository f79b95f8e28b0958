import Cryptography
import Domain

/// Identifiers that the service gives: random, so that they tell nothing and never collide.
enum Identifiers {
  /// 22 characters: 128 bits.
  static func thing() -> String { generate(16) }

  /// 22 characters: 128 bits.
  static func user() -> String { generate(16) }

  /// 22 characters: 128 bits.
  static func object() -> String { generate(16) }

  /// 22 characters: 128 bits.
  static func webhook() -> String { generate(16) }

  /// 12 characters: 72 bits. Short, since small devices hold the whole answer in 1,400 bytes.
  static func firmware() -> String { generate(9) }

  /// None begins with a hyphen, or a command line would take it for an option.
  private static func generate(_ count: Int) -> String {
    while true {
      let text = Base64URL.encode(RandomBytes.generate(count))
      if !text.hasPrefix("-") { return text }
    }
  }
}

/// Activation codes: 26 characters of Crockford's base32 (no I, L, O, U), 130 bits, as people may have to type them.
enum ActivationCodes {
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  static let longest = 34

  static func generate() -> String {
    String(decoding: RandomBytes.generate(26).map { alphabet[Int($0 & 31)] }, as: UTF8.self)
  }

  /// The code as it is stored: upper case, without hyphens and blanks. Nil for what cannot be a code.
  static func normalize(_ code: String) -> String? {
    guard code.utf8.count <= longest else { return nil }
    let kept = code.utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: " ") }
    guard !kept.isEmpty, kept.allSatisfy({ (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) }) else {
      return nil
    }
    return String(decoding: kept.map { (97...122).contains($0) ? $0 - 32 : $0 }, as: UTF8.self)
  }
}
