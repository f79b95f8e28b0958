public import Domain

/// The hours in which updates are offered: `22:00-06:00`, `Mon-Fri 22:00-06:00 Europe/Berlin`, `Sat,Sun 00:00-24:00 +02:00`.
///
/// It goes by the clock on the wall of its zone, UTC where none is given: an hour that the change to summer time skips is not
/// there, one that the change back repeats counts twice. A window over midnight belongs to the day on which it begins.
public struct UpdateWindow: Sendable, Hashable {
  /// As it was given.
  public let text: String
  private let hours: WindowHours
  private let zone: ZoneOffset

  public init(parsing text: String) throws(ExpressionError) {
    (hours, zone) = try UpdateWindowParser.parse(text)
    self.text = text
  }

  /// Whether the moment lies in the window. Cheap enough for every poll.
  public func contains(_ now: Timestamp) -> Bool {
    let now = Self.inCalendar(now)
    return hours.contain(wallMilliseconds: now.milliseconds + zone.seconds(at: now) * 1000)
  }

  /// The first moment after this one at which the window opens, having been closed right before.
  /// - Returns: nil for a window that never closes.
  public func nextOpening(after now: Timestamp) -> Timestamp? {
    var start = Self.inCalendar(now)
    // A day of the week can be without its window once, when the clocks skip it; so two weeks are enough.
    for _ in 0..<16 {
      let end = start.adding(seconds: 86_400)
      let openings = candidates(start, end).filter { $0 > start && $0 <= end && opens(at: $0) }
      if let first = openings.min() { return first }
      start = end
    }
    return nil
  }

  private func opens(at moment: Timestamp) -> Bool {
    contains(moment) && !contains(Timestamp(milliseconds: moment.milliseconds - 1))
  }

  /// All moments of at most a day at which it can open: the beginnings by the offsets of both ends, and a change of the clocks.
  private func candidates(_ start: Timestamp, _ end: Timestamp) -> [Timestamp] {
    let offsets = [zone.seconds(at: start), zone.seconds(at: end)]
    var moments = offsets[0] == offsets[1] ? [] : [change(start, end)]
    for offset in offsets[0] == offsets[1] ? [offsets[0]] : offsets {
      let days = ((start.seconds + offset).floored(by: 86_400)...(end.seconds + offset).floored(by: 86_400))
      for day in days {
        let second = day * 86_400 + hours.startMinute * 60 - offset
        moments.append(Timestamp(milliseconds: second * 1000))
      }
    }
    return moments
  }

  /// The moment of the one change of the offset between the two.
  private func change(_ start: Timestamp, _ end: Timestamp) -> Timestamp {
    var (before, after) = (start.milliseconds, end.milliseconds)
    let offset = zone.seconds(at: start)
    while after - before > 1 {
      let middle = before + (after - before) / 2
      if zone.seconds(at: Timestamp(milliseconds: middle)) == offset { before = middle } else { after = middle }
    }
    return Timestamp(milliseconds: after)
  }

  /// The years 1 to 9999, so that no sum can leave the range.
  private static func inCalendar(_ moment: Timestamp) -> Timestamp {
    Timestamp(milliseconds: min(max(moment.milliseconds, -62_135_596_800_000), 253_402_300_799_999))
  }

  public static func == (left: UpdateWindow, right: UpdateWindow) -> Bool { left.text == right.text }

  public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}
