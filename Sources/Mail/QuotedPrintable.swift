/// Text as lines of at most 76 characters of ASCII (RFC 2045 section 6.7).
enum QuotedPrintable {
  private static let longestLine = 76
  private static let digits = Array("0123456789ABCDEF".utf8)

  /// - Returns: the text with every kind of line break as CRLF, and one at its end.
  static func encode(_ text: String) -> [UInt8] {
    var encoded: [UInt8] = []
    for line in lines(of: text) {
      var column = 0
      for (index, byte) in line.enumerated() {
        let token = token(for: byte, isLast: index == line.count - 1)
        // One column is left for the `=` of a soft line break.
        if column + token.count > longestLine - 1 {
          encoded += "=\r\n".utf8
          column = 0
        }
        encoded += token
        column += token.count
      }
      encoded += "\r\n".utf8
    }
    return encoded
  }

  private static func token(for byte: UInt8, isLast: Bool) -> [UInt8] {
    switch byte {
    // A blank at the end of a line is lost on many ways.
    case 0x20, 0x09: isLast ? hexadecimal(byte) : [byte]
    case UInt8(ascii: "="): hexadecimal(byte)
    case 0x21...0x7E: [byte]
    default: hexadecimal(byte)
    }
  }

  private static func hexadecimal(_ byte: UInt8) -> [UInt8] {
    [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
  }

  /// Split at CRLF, CR and LF; a break at the very end begins no further line.
  private static func lines(of text: String) -> [[UInt8]] {
    var lines: [[UInt8]] = [[]]
    var afterReturn = false
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\r"): lines.append([])
      case UInt8(ascii: "\n"): if !afterReturn { lines.append([]) }
      default: lines[lines.count - 1].append(byte)
      }
      afterReturn = byte == UInt8(ascii: "\r")
    }
    if lines.count > 1, lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }
}
