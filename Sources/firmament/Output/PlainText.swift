import Domain

/// Text from elsewhere made safe for a terminal: a thing's message must not move the cursor.
enum PlainText {
  /// The text with every control character as a question mark.
  static func line(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { isControl($0) ? "?" : $0 }))
  }

  /// The same, with line breaks as spaces.
  static func oneLine(_ text: String) -> String {
    line(text.split(whereSeparator: \.isNewline).joined(separator: " "))
  }

  /// `2026-11-21T02:39:41Z`.
  static func time(_ time: Timestamp?) -> String { time.map { $0.iso8601.prefix(19) + "Z" } ?? "-" }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
