/// A place in a text that is being read. It goes from byte to byte, so that hostile characters cost no more than others.
struct TextCursor {
  let bytes: [UInt8]
  private(set) var offset = 0

  init(_ text: String) { bytes = Array(text.utf8) }

  /// The byte at this place; nil at the end.
  var next: UInt8? { offset < bytes.count ? bytes[offset] : nil }

  var isAtEnd: Bool { offset == bytes.count }

  /// The byte before this place; nil at the start.
  var previous: UInt8? { offset > 0 ? bytes[offset - 1] : nil }

  func peek(_ distance: Int) -> UInt8? { offset + distance < bytes.count ? bytes[offset + distance] : nil }

  mutating func advance(by count: Int = 1) { offset = min(offset + count, bytes.count) }

  /// Goes past the byte if it is here.
  mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    offset += 1
    return true
  }

  mutating func skipBlanks() { skip(while: Self.isBlank) }

  mutating func skip(while isWanted: (UInt8) -> Bool) {
    while offset < bytes.count, isWanted(bytes[offset]) { offset += 1 }
  }

  /// Goes over what is wanted, and gives it back.
  mutating func text(while isWanted: (UInt8) -> Bool) -> String {
    let start = offset
    skip(while: isWanted)
    return text(from: start)
  }

  func text(from start: Int) -> String { String(decoding: bytes[start..<offset], as: UTF8.self) }

  /// The character at this place, as a message shows it.
  var character: String {
    var length = 1
    while let byte = peek(length), byte & 0xC0 == 0x80 { length += 1 }
    return String(decoding: bytes[offset..<min(offset + length, bytes.count)], as: UTF8.self)
  }

  /// An error at this place, or at another one.
  func error(_ message: String, at place: Int? = nil) -> ExpressionError {
    let before = String(decoding: bytes[..<(place ?? offset)], as: UTF8.self)
    return ExpressionError(message: message, position: before.count + 1)
  }

  static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7A).contains(byte | 0x20) }
}
