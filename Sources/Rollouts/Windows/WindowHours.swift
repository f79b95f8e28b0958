/// The days and hours of an update window, on a clock without zones.
struct WindowHours: Sendable {
  /// One bit a day, Monday is the lowest.
  let days: UInt8
  let startMinute: Int64
  /// 1,440 for midnight at the end of the day; less than the start where it is the next day's.
  let endMinute: Int64

  static let everyDay: UInt8 = 0b111_1111

  /// - Parameter wallMilliseconds: what the clock on the wall shows, as milliseconds since it showed 1970-01-01 00:00.
  func contain(wallMilliseconds: Int64) -> Bool {
    let minutes = wallMilliseconds.floored(by: 60_000)
    let day = minutes.floored(by: 1440)
    let minute = minutes - day * 1440
    if startMinute < endMinute { return startMinute <= minute && minute < endMinute && has(day) }
    return minute >= startMinute ? has(day) : minute < endMinute && has(day - 1)
  }

  /// 1970-01-01 was a Thursday.
  private func has(_ day: Int64) -> Bool {
    let weekday = day + 3 - (day + 3).floored(by: 7) * 7
    return days >> UInt8(weekday) & 1 == 1
  }
}

extension Int64 {
  /// The quotient, rounded down.
  func floored(by divisor: Int64) -> Int64 { self >= 0 ? self / divisor : -1 - (-1 - self) / divisor }
}
