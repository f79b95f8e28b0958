import NIOCore

/// What a server says to a command: a code of three digits, and one or several lines (RFC 5321 section 4.2).
struct SMTPReply: Sendable, Hashable {
  let code: Int
  let lines: [String]

  /// The lines for people: short, and without what would disturb a log.
  var text: String {
    let plain = lines.joined(separator: " ").unicodeScalars.map { (0x20...0x7E).contains($0.value) ? Character($0) : "?" }
    return "\(code) \(String(plain).prefix(200))"
  }

  /// The keywords of an answer to EHLO in capitals, with what stands behind each (section 4.1.1.1).
  var features: [String: [String]] {
    var features: [String: [String]] = [:]
    for line in lines.dropFirst() {
      // Old servers write `AUTH=PLAIN LOGIN`.
      let words = line.split { $0 == " " || $0 == "=" }.map { $0.uppercased() }
      if let keyword = words.first { features[keyword, default: []] += words.dropFirst() }
    }
    return features
  }
}

/// Takes replies out of what has arrived. What a server can make us keep is bounded.
struct SMTPReplyParser {
  /// In bytes, the line break included; RFC 5321 section 4.5.3.1.5 asks for 512.
  static let longestLine = 2048
  static let mostLines = 128

  private var code: Int?
  private var lines: [String] = []

  /// Whether a reply has begun that has not ended.
  var isWithinReply: Bool { code != nil }

  /// - Returns: nil until a whole reply is there; what follows it stays in the buffer.
  /// - Throws: `MailError` (`protocolViolation`).
  mutating func next(_ buffer: inout ByteBuffer) throws -> SMTPReply? {
    while let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) {
      let length = end - buffer.readerIndex + 1
      guard length <= Self.longestLine else { throw Self.tooLong }
      var line = buffer.readBytes(length: length) ?? []
      line.removeLast()
      if line.last == UInt8(ascii: "\r") { line.removeLast() }
      if try take(line), let code {
        defer { (self.code, lines) = (nil, []) }
        return SMTPReply(code: code, lines: lines)
      }
    }
    guard buffer.readableBytes < Self.longestLine else { throw Self.tooLong }
    return nil
  }

  /// - Returns: whether this was the last line of the reply.
  private mutating func take(_ line: [UInt8]) throws -> Bool {
    let digits = line.prefix(3)
    guard digits.count == 3, digits.allSatisfy({ (48...57).contains($0) }), (50...53).contains(digits[0]) else {
      throw MailError(.protocolViolation, "the server says what is no SMTP")
    }
    let code = digits.reduce(0) { $0 * 10 + Int($1 - 48) }
    let mark = line.count > 3 ? line[3] : UInt8(ascii: " ")
    guard mark == UInt8(ascii: " ") || mark == UInt8(ascii: "-"), self.code ?? code == code, lines.count < Self.mostLines else {
      throw MailError(.protocolViolation, "the server's reply has lines that do not belong together, or too many")
    }
    self.code = code
    lines.append(String(decoding: line.dropFirst(4), as: UTF8.self))
    return mark == UInt8(ascii: " ")
  }

  private static var tooLong: MailError {
    MailError(.protocolViolation, "the server's reply has a line of more than \(longestLine) bytes")
  }
}
