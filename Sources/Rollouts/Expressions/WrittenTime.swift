import Domain

/// Times and durations as an expression has them.
enum WrittenTime {
  /// ISO 8601: a date, which is its midnight UTC, or a time with or without seconds, with `Z`, an offset, or no zone for UTC.
  static func parse(_ text: String) -> Timestamp? {
    let bytes = text.utf8
    guard (10...35).contains(bytes.count), !bytes.allSatisfy(TextCursor.isDigit) else { return Timestamp(iso8601: text) }
    if bytes.count == 10 { return Timestamp(iso8601: text + "T00:00:00Z") }
    if let time = Timestamp(wire: text) { return time }
    return Timestamp(wire: "\(text.prefix(16)):00\(text.dropFirst(16))")
  }

  /// Seconds, or a number with one of `s`, `m`, `h`, `d` behind it.
  static func duration(_ text: String) -> Double? {
    var number = Substring(text)
    var unit = 1.0
    switch text.utf8.last {
    case UInt8(ascii: "s"): number.removeLast()
    case UInt8(ascii: "m"): (number, unit) = (number.dropLast(), 60)
    case UInt8(ascii: "h"): (number, unit) = (number.dropLast(), 3600)
    case UInt8(ascii: "d"): (number, unit) = (number.dropLast(), 86_400)
    default: break
    }
    guard let first = number.utf8.first, TextCursor.isDigit(first), let value = PlainNumber.parse(String(number)) else {
      return nil
    }
    return value * unit
  }
}
