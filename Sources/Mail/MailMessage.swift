import Domain
import Foundation

/// A mail as bytes (RFC 5322, RFC 2045): plain text in UTF-8, quoted-printable, every line ended by CRLF. What would let a
/// header be smuggled in is refused, not mended.
public struct MailMessage: Sendable {
  public let sender: MailAddress
  public let recipient: MailAddress
  /// ASCII alone, no line longer than 78 characters but those that hold an address or an id.
  public let bytes: [UInt8]

  /// The longest subject in bytes.
  public static let longestSubject = 500

  /// - Throws: `MailError` (`malformed`) for an address that is none, and for a subject or an id with control characters.
  public init(_ mail: OutgoingMail, from sender: MailAddress) throws {
    guard let recipient = MailAddress(mail.recipient) else {
      throw MailError(.malformed, "the recipient is no mail address")
    }
    guard mail.subject.utf8.count <= Self.longestSubject, !mail.subject.unicodeScalars.contains(where: Self.breaksLine) else {
      throw MailError(.malformed, "the subject holds control characters, or more than \(Self.longestSubject) bytes")
    }
    guard !mail.id.isEmpty, mail.id.utf8.allSatisfy(Self.isIDCharacter) else {
      throw MailError(.malformed, "the id of a mail is letters, digits, dots and hyphens")
    }
    self.sender = sender
    self.recipient = recipient
    let head = [
      "From: <\(sender)>", "To: <\(recipient)>", "Subject: \(EncodedWord.header(mail.subject))",
      "Date: \(Self.date(mail.createdAt))", "Message-ID: <\(mail.id)@\(sender.domain)>", "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: quoted-printable",
      // RFC 3834 section 5: no automatic answer to this, please.
      "Auto-Submitted: auto-generated",
    ]
    bytes = Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + QuotedPrintable.encode(mail.text)
  }

  /// As it goes after DATA: a dot before each line that begins with one, and the line of one dot that ends it (RFC 5321 section
  /// 4.5.2).
  var stuffed: [UInt8] {
    let dot = UInt8(ascii: ".")
    var stuffed: [UInt8] = []
    stuffed.reserveCapacity(bytes.count + 8)
    var startsLine = true
    for byte in bytes {
      if startsLine && byte == dot { stuffed.append(dot) }
      stuffed.append(byte)
      startsLine = byte == UInt8(ascii: "\n")
    }
    return stuffed + ".\r\n".utf8
  }

  /// `Sat, 21 Nov 2026 14:37:59 +0000` (RFC 5322 section 3.3).
  static func date(_ time: Timestamp) -> String {
    let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let text = time.iso8601
    let fields = text.prefix(10).split(separator: "-")
    guard fields.count == 3, let month = Int(fields[1]), (1...12).contains(month) else { return text }
    // 1970-01-01 was a Thursday.
    let day = ((time.seconds - (time.seconds % 86_400 + 86_400) % 86_400) / 86_400 + 4) % 7
    return "\(days[Int((day + 7) % 7)]), \(fields[2]) \(months[month - 1]) \(fields[0]) \(text.dropFirst(11).prefix(8)) +0000"
  }

  /// Control characters, C1 and the separators of lines and paragraphs included.
  private static func breaksLine(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  private static func isIDCharacter(_ byte: UInt8) -> Bool {
    let scalar = Unicode.Scalar(byte)
    return scalar.isASCII && (scalar.properties.isAlphabetic || (48...57).contains(byte) || byte == 45 || byte == 46)
  }
}
