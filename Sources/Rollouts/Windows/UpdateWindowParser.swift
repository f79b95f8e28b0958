/// Reads `[DAYS ]HH:MM-HH:MM[ ZONE]`.
struct UpdateWindowParser {
  static let longest = 128
  private var cursor: TextCursor

  static func parse(_ text: String) throws(ExpressionError) -> (WindowHours, ZoneOffset) {
    guard text.utf8.count <= longest else {
      throw ExpressionError(message: "an update window has at most \(longest) bytes", position: longest + 1)
    }
    var parser = UpdateWindowParser(cursor: TextCursor(text))
    return try parser.parse()
  }

  private init(cursor: TextCursor) { self.cursor = cursor }

  private mutating func parse() throws(ExpressionError) -> (WindowHours, ZoneOffset) {
    cursor.skipBlanks()
    let days = cursor.next.map(TextCursor.isDigit) ?? true ? WindowHours.everyDay : try self.days()
    let start = try minute(latest: 1439)
    guard cursor.take(UInt8(ascii: "-")) else { throw cursor.error("a - is missing between start and end") }
    let place = cursor.offset
    let end = try minute(latest: 1440)
    guard start != end else { throw cursor.error("start and end are equal; the whole day is 00:00-24:00", at: place) }
    let hasBlank = cursor.next.map(TextCursor.isBlank) ?? true
    guard hasBlank else { throw cursor.error("after the end there must be a blank and a zone, or nothing") }
    cursor.skipBlanks()
    return (WindowHours(days: days, startMinute: start, endMinute: end), try zone())
  }

  /// Reads `Mon-Fri`, `Sat,Sun`, `Mon,Wed-Fri` and the blanks after them.
  private mutating func days() throws(ExpressionError) -> UInt8 {
    var days: UInt8 = 0
    repeat {
      let first = try day()
      let last = cursor.take(UInt8(ascii: "-")) ? try day() : first
      var day = first
      days |= 1 << day
      while day != last {
        day = (day + 1) % 7
        days |= 1 << day
      }
    } while cursor.take(UInt8(ascii: ","))
    guard let byte = cursor.next, TextCursor.isBlank(byte) else {
      throw cursor.error("after the days there must be a blank and the hours")
    }
    cursor.skipBlanks()
    return days
  }

  /// 0 is Monday.
  private mutating func day() throws(ExpressionError) -> UInt8 {
    let start = cursor.offset
    let name = cursor.text(while: TextCursor.isLetter).lowercased()
    guard let day = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].firstIndex(of: name) else {
      throw cursor.error("here must be a day: Mon, Tue, Wed, Thu, Fri, Sat or Sun", at: start)
    }
    return UInt8(day)
  }

  /// Reads `HH:MM`.
  private mutating func minute(latest: Int64) throws(ExpressionError) -> Int64 {
    let start = cursor.offset
    let minute = hoursAndMinutes()
    guard let minute, minute <= latest, cursor.next.map(TextCursor.isDigit) != true else {
      throw cursor.error("here must be a time from 00:00 to \(latest == 1440 ? "24:00" : "23:59")", at: start)
    }
    return minute
  }

  private mutating func hoursAndMinutes() -> Int64? {
    guard let hours = twoDigits(), cursor.take(UInt8(ascii: ":")), let minutes = twoDigits(), minutes < 60 else { return nil }
    return hours * 60 + minutes
  }

  private mutating func twoDigits() -> Int64? {
    guard let tens = cursor.next, TextCursor.isDigit(tens), let ones = cursor.peek(1), TextCursor.isDigit(ones) else {
      return nil
    }
    cursor.advance(by: 2)
    return Int64(tens - 0x30) * 10 + Int64(ones - 0x30)
  }

  /// Reads a zone up to the end: nothing or `UTC`, an offset such as `+02:00`, or a name of the tz database.
  private mutating func zone() throws(ExpressionError) -> ZoneOffset {
    let start = cursor.offset
    if let sign = cursor.next, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
      cursor.advance()
      if let minutes = hoursAndMinutes(), minutes <= 14 * 60 {
        try expectEnd()
        return ZoneOffset(seconds: (sign == UInt8(ascii: "-") ? -minutes : minutes) * 60)
      }
      throw cursor.error("here must be an offset from -14:00 to +14:00", at: start)
    }
    let name = cursor.text { TextCursor.isLetter($0) || TextCursor.isDigit($0) || "/_+-".utf8.contains($0) }
    try expectEnd()
    if ["", "UTC", "Z"].contains(name) { return ZoneOffset(seconds: 0) }
    guard let zone = ZoneOffset(name: name) else {
      throw cursor.error("there is no zone \(name), write it as Europe/Berlin, UTC or +02:00", at: start)
    }
    return zone
  }

  private mutating func expectEnd() throws(ExpressionError) {
    cursor.skipBlanks()
    guard cursor.isAtEnd else { throw cursor.error("here must be the end, after an optional zone") }
  }
}
