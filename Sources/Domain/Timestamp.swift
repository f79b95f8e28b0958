/// A moment as whole milliseconds since 1970-01-01T00:00:00Z: what rows, wire texts and decisions share.
///
/// It is not a clock: a verb takes the time once, from the clock it was given, and passes it on.
public struct Timestamp: Sendable, Hashable, Comparable, Codable {
  /// Milliseconds since the Unix epoch, UTC.
  public let milliseconds: Int64

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  public static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }

  /// The moment so many seconds later; at the ends of the range it stays there.
  public func adding(seconds: Int64) -> Timestamp {
    let (difference, far) = seconds.multipliedReportingOverflow(by: 1000)
    let (sum, over) = milliseconds.addingReportingOverflow(difference)
    return Timestamp(milliseconds: far || over ? (seconds < 0 ? .min : .max) : sum)
  }

  /// Whole seconds since the Unix epoch, rounded down.
  public var seconds: Int64 { milliseconds.floorDivided(by: 1000) }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let parsed = Timestamp(iso8601: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not an ISO 8601 time with a zone of Z")
    }
    self = parsed
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(iso8601)
  }
}

extension Timestamp {
  /// `2015-10-28T12:18:56.799Z`: always with three digits of fraction, which clients parse with `%S.%fZ`.
  public var iso8601: String {
    let day = milliseconds.floorDivided(by: 86_400_000)
    let remainder = milliseconds % 86_400_000
    let rest = remainder < 0 ? remainder + 86_400_000 : remainder
    let date = CivilDate(daysSinceEpoch: day)
    let hour = rest / 3_600_000
    let minute = rest / 60_000 % 60
    let second = rest / 1000 % 60
    return "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T\(padded(hour, 2)):\(padded(minute, 2)):"
      + "\(padded(second, 2)).\(padded(rest % 1000, 3))Z"
  }

  /// Reads `YYYY-MM-DDTHH:MM:SS[.fraction][Z]`, and the compact forms `YYYYMMDDHHMMSS` and `YYYYMMDDTHHMMSS` that the thing API
  /// takes (wire page, section 2 "Time input"). A missing zone means UTC; digits past the millisecond are dropped.
  public init?(iso8601 text: String) {
    var digits: [Int64] = []
    var fraction: [Int64]?
    var ended = false
    var afterDigit = false
    for byte in text.utf8 {
      guard !ended else { return nil }
      switch (byte, digits.count) {
      case (UInt8(ascii: "0")...UInt8(ascii: "9"), _):
        if fraction == nil { digits.append(Int64(byte - 48)) } else { fraction?.append(Int64(byte - 48)) }
        afterDigit = true
      case (UInt8(ascii: "-"), 4), (UInt8(ascii: "-"), 6), (UInt8(ascii: ":"), 10), (UInt8(ascii: ":"), 12),
        (UInt8(ascii: "T"), 8), (UInt8(ascii: "t"), 8), (UInt8(ascii: " "), 8):
        guard afterDigit else { return nil }
        afterDigit = false
      case (UInt8(ascii: "."), 14):
        guard fraction == nil else { return nil }
        fraction = []
      case (UInt8(ascii: "Z"), 14), (UInt8(ascii: "z"), 14): ended = true
      default: return nil
      }
      guard digits.count <= 14, (fraction?.count ?? 0) <= 9 else { return nil }
    }
    guard fraction != [] else { return nil }
    guard digits.count == 14 else { return nil }
    func number(_ range: Range<Int>) -> Int64 { digits[range].reduce(0) { $0 * 10 + $1 } }
    let (year, month, day) = (number(0..<4), number(4..<6), number(6..<8))
    let (hour, minute, second) = (number(8..<10), number(10..<12), number(12..<14))
    guard (1...12).contains(month), (1...CivilDate.daysIn(month: month, year: year)).contains(day), hour < 24, minute < 60,
      second < 61
    else { return nil }
    let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
    let thousandths = ((fraction ?? []) + [0, 0, 0]).prefix(3).reduce(0) { $0 * 10 + $1 }
    self.init(milliseconds: ((days * 24 + hour) * 60 + minute) * 60_000 + second * 1000 + thousandths)
  }
}

/// A day of the proleptic Gregorian calendar. The arithmetic counts in 400-year eras from 0000-03-01, so that leap days end a
/// year.
struct CivilDate {
  let year: Int64
  let month: Int64
  let day: Int64

  init(year: Int64, month: Int64, day: Int64) {
    self.year = year
    self.month = month
    self.day = day
  }

  init(daysSinceEpoch: Int64) {
    let shifted = daysSinceEpoch + 719_468
    let era = shifted.floorDivided(by: 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var daysSinceEpoch: Int64 {
    let shiftedYear = month <= 2 ? year - 1 : year
    let era = shiftedYear.floorDivided(by: 400)
    let yearOfEra = shiftedYear - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  static func daysIn(month: Int64, year: Int64) -> Int64 {
    switch month {
    case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

private func padded(_ number: Int64, _ width: Int) -> String {
  let text = String(number)
  return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}

extension Int64 {
  func floorDivided(by divisor: Int64) -> Int64 {
    let quotient = self / divisor
    return self % divisor < 0 ? quotient - 1 : quotient
  }
}
