/// The rule for names and versions that people choose: what is printed on a chip or a box (`i.MX 8M Mini`, `2.06-13deb12u1`).
public enum PrintableText {
  /// The longest name or version, in characters.
  public static let longest = 64

  /// Whether the text is 1 to 64 printable characters with no blank at either end.
  ///
  /// Printable means: no control, format, surrogate, private-use or unassigned character, and no separator but the plain space.
  public static func isName(_ text: String) -> Bool { isName(text, longest: longest) }

  /// The same with another length, in characters.
  public static func isName(_ text: String, longest: Int) -> Bool {
    if let isName = isASCIIName(text, longest) { return isName }
    guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else { return false }
    // A character of Swift may hold any number of scalars, so both are limited.
    guard text.unicodeScalars.count <= longest, text.count <= longest else { return false }
    guard first != " ", last != " ", text != ".", text != ".." else { return false }
    return text.unicodeScalars.allSatisfy(isPrintable)
  }

  /// The same of ASCII, of which nearly all names are, and each byte is a character; nil where it is something else.
  private static func isASCIIName(_ text: String, _ longest: Int) -> Bool? {
    var text = text
    return text.withUTF8 { bytes in
      var place = 0
      while place < bytes.count {
        if bytes[place] < 0x20 || bytes[place] > 0x7E { return nil }
        place += 1
      }
      guard (1...longest).contains(bytes.count), bytes[0] != 0x20, bytes[bytes.count - 1] != 0x20 else { return false }
      return bytes[0] != UInt8(ascii: ".") || bytes.count > 2 || bytes[bytes.count - 1] != UInt8(ascii: ".")
    }
  }

  private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    case .spaceSeparator: scalar == " "
    default: true
    }
  }
}
