import Foundation

/// Text in a header (RFC 2047): as it is where it is short and plain, else as encoded words of base64, one a line.
enum EncodedWord {
  /// The longest plain text that stands on one line with the header's name.
  private static let longestPlain = 66
  /// Bytes of text in a word: with what stands around its base64 a word has at most 75 characters (section 2).
  private static let bytesPerWord = 45

  static func header(_ text: String) -> String {
    let isPlain = text.utf8.allSatisfy { (0x20...0x7E).contains($0) } && !text.contains("=?")
    if isPlain, text.utf8.count <= longestPlain, text.first != " ", text.last != " " { return text }
    return words(of: text).map { "=?utf-8?B?\(Data($0.utf8).base64EncodedString())?=" }.joined(separator: "\r\n ")
  }

  /// Pieces of whole characters: a word that ends within one cannot be read by itself (section 5).
  private static func words(of text: String) -> [String] {
    var words = [""]
    var count = 0
    for scalar in text.unicodeScalars {
      let size = UTF8.width(scalar)
      if count + size > bytesPerWord {
        words.append("")
        count = 0
      }
      words[words.count - 1].unicodeScalars.append(scalar)
      count += size
    }
    return words
  }
}
