/// An address as SMTP takes it (RFC 5321 section 4.1.2): a dot-string, `@`, and a domain or an address literal, all in ASCII.
/// Quoted local parts are not taken, and so no blank, bracket or control character ever stands in one.
public struct MailAddress: Sendable, Hashable, CustomStringConvertible {
  /// In bytes (RFC 5321 section 4.5.3.1.3, without the angle brackets).
  public static let longest = 254

  public let local: String
  public let domain: String

  public var description: String { "\(local)@\(domain)" }

  /// - Returns: nil for a text that is no address.
  public init?(_ text: String) {
    guard text.utf8.count <= Self.longest, let at = text.utf8.lastIndex(of: UInt8(ascii: "@")) else { return nil }
    local = String(text[..<at])
    domain = String(text[text.utf8.index(after: at)...])
    guard (1...64).contains(local.utf8.count), Self.isDotString(local) else { return nil }
    guard Self.isDomain(domain) || Self.isLiteral(domain) else { return nil }
  }

  private static func isDotString(_ text: String) -> Bool {
    text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
      !atom.isEmpty && atom.allSatisfy { isLetterOrDigit($0) || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0) }
    }
  }

  private static func isDomain(_ text: String) -> Bool {
    text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { label in
      (1...63).contains(label.count) && label.first != UInt8(ascii: "-") && label.last != UInt8(ascii: "-")
        && label.allSatisfy { isLetterOrDigit($0) || $0 == UInt8(ascii: "-") }
    }
  }

  /// `[192.0.2.1]`, `[IPv6:2001:db8::1]`.
  private static func isLiteral(_ text: String) -> Bool {
    guard text.hasPrefix("["), text.hasSuffix("]"), text.utf8.count > 2 else { return false }
    return text.utf8.dropFirst().dropLast().allSatisfy {
      isLetterOrDigit($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: ":")
    }
  }

  private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}
