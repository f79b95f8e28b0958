/// The rule for e-mail addresses: the part of RFC 5321 that people have, and nothing that could end a line of a mail's header.
public enum EmailAddress {
  /// In bytes (RFC 5321 section 4.5.3.1.3, without the angle brackets).
  public static let longest = 254

  /// The address in lower case; nil for what is none: one `@`, before it 1 to 64 letters, digits and symbols of RFC 5322
  /// section 3.2.3 with single dots between them, behind it a host's name in ASCII.
  public static func normalized(_ text: String) -> String? {
    guard (3...longest).contains(text.utf8.count), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
    let lowered = text.lowercased()
    let parts = lowered.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, isLocal(parts[0]), isHost(parts[1]) else { return nil }
    return lowered
  }

  private static let localSymbols = Set("!#$%&'*+/=?^_`{|}~-".utf8)

  private static func isLocal(_ text: Substring) -> Bool {
    text.utf8.count <= 64
      && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
        !atom.isEmpty && atom.utf8.allSatisfy { isLetterOrDigit($0) || localSymbols.contains($0) }
      }
  }

  private static func isHost(_ text: Substring) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
        && label.utf8.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }
}
