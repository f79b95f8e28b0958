import Domain
import Foundation
import Synchronization

/// HTTP dates, by RFC 9110 section 5.6.7: three forms are read, one is written. They have whole seconds.
enum HTTPDate {
  /// `Sun, 06 Nov 1994 08:49:37 GMT`; a fraction of a second is dropped, a year past 9999 becomes the last second of 9999.
  static func format(_ time: Timestamp) -> String {
    let time = Timestamp(milliseconds: min(max(time.milliseconds, firstWritable), lastWritable))
    let text = Array(time.iso8601.utf8)
    func piece(_ range: Range<Int>) -> String { String(decoding: text[range], as: UTF8.self) }
    let days = time.seconds / 86_400 - (time.seconds % 86_400 < 0 ? 1 : 0)
    // 1970-01-01 was a Thursday.
    let weekday = weekdays[Int(((days + 4) % 7 + 7) % 7)].prefix(3)
    let month = months[(Int(piece(5..<7)) ?? 1) - 1]
    return "\(weekday), \(piece(8..<10)) \(month) \(piece(0..<4)) \(piece(11..<19)) GMT"
  }

  private static let latest = Mutex((second: Int64.min, text: ""))

  /// The time of this computer, for `Date` (RFC 9110 section 6.6.1): written once a second.
  static func now() -> String {
    let now = Date().timeIntervalSince1970
    return latest.withLock { latest in
      if latest.second != Int64(now) {
        latest = (Int64(now), format(Timestamp(milliseconds: Int64(now) * 1000)))
      }
      return latest.text
    }
  }

  /// Reads IMF-fixdate, and the obsolete RFC 850 and asctime forms. `now` tells the century of RFC 850's two digits: a date
  /// that seems to lie more than 50 years ahead is the most recent past one with the same digits.
  static func parse(_ text: String, now: Timestamp) -> Timestamp? {
    let words = text.split(separator: " ", omittingEmptySubsequences: false)
    switch words.count {
    case 6 where words[0].count == 4 && isWeekday(words[0].dropLast(), short: true) && words[0].hasSuffix(","):
      guard words[5] == "GMT", words[1].utf8.count == 2 else { return nil }
      return time(year: words[3], month: words[2], day: words[1], clock: words[4])
    case 4 where words[0].hasSuffix(",") && isWeekday(words[0].dropLast(), short: false):
      return obsolete(date: words[1], clock: words[2], zone: words[3], now: now)
    case 5 where isWeekday(words[0], short: true) && words[2].utf8.count == 2:
      return time(year: words[4], month: words[1], day: words[2], clock: words[3])
    case 6 where isWeekday(words[0], short: true) && words[2].isEmpty && words[3].utf8.count == 1:
      return time(year: words[5], month: words[1], day: "0" + words[3], clock: words[4])
    default:
      return nil
    }
  }

  private static func obsolete(date: Substring, clock: Substring, zone: Substring, now: Timestamp) -> Timestamp? {
    let parts = date.split(separator: "-", omittingEmptySubsequences: false)
    guard zone == "GMT", parts.count == 3, let digits = number(parts[2], width: 2) else { return nil }
    let thisYear = Int(now.iso8601.prefix(4)) ?? 1970
    var year = thisYear - thisYear % 100 + digits
    if year > thisYear + 50 { year -= 100 }
    return time(year: Substring(String(year)), month: parts[1], day: parts[0], clock: clock)
  }

  private static func time(year: Substring, month: Substring, day: Substring, clock: Substring) -> Timestamp? {
    let parts = clock.split(separator: ":", omittingEmptySubsequences: false)
    guard let month = months.firstIndex(of: String(month)), number(year, width: 4) != nil, number(day, width: 2) != nil,
      parts.count == 3, parts.allSatisfy({ number($0, width: 2) != nil })
    else { return nil }
    return Timestamp(iso8601: "\(year)-\(month < 9 ? "0" : "")\(month + 1)-\(day)T\(clock)Z")
  }

  private static func number(_ text: Substring, width: Int) -> Int? {
    guard text.utf8.count == width, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
      return nil
    }
    return Int(text)
  }

  private static func isWeekday(_ text: Substring, short: Bool) -> Bool {
    weekdays.contains { short ? $0.prefix(3) == text : $0 == text }
  }

  private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  /// 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
  private static let firstWritable: Int64 = -62_167_219_200_000
  private static let lastWritable: Int64 = 253_402_300_799_000
}
