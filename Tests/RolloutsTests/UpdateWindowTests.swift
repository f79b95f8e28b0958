import Domain
import TestSupport
import Testing

@testable import Rollouts

@Suite("When updates are offered") struct UpdateWindowTests {
  private static func time(_ text: String) -> Timestamp { Timestamp(iso8601: text + ":00Z")! }

  /// 2026-01-05 is a Monday. The window, moments within it, moments outside.
  @Test(arguments: [
    ("22:00-06:00", ["2026-01-05T22:00", "2026-01-05T05:59", "2026-01-05T00:00"], ["2026-01-05T06:00", "2026-01-05T21:59"]),
    ("08:00-17:30 UTC", ["2026-01-05T08:00", "2026-01-05T17:29"], ["2026-01-05T07:59", "2026-01-05T17:30"]),
    (
      "Mon-Fri 22:00-06:00", ["2026-01-05T22:00", "2026-01-10T05:59"],
      ["2026-01-05T03:00", "2026-01-10T22:00", "2026-01-11T05:00"]
    ),
    ("Sat,Sun 00:00-24:00 UTC", ["2026-01-10T00:00", "2026-01-11T23:59"], ["2026-01-09T23:59", "2026-01-12T00:00"]),
    ("Fri-Mon 10:00-11:00", ["2026-01-09T10:30", "2026-01-12T10:30"], ["2026-01-08T10:30", "2026-01-13T10:30"]),
    (
      "mon,WED-Thu 10:00-11:00", ["2026-01-05T10:30", "2026-01-07T10:30", "2026-01-08T10:30"],
      ["2026-01-06T10:30", "2026-01-09T10:30"]
    ),
    ("Mon 10:00-11:00 +02:00", ["2026-01-05T08:00", "2026-01-05T08:59"], ["2026-01-05T10:00", "2026-01-05T07:59"]),
    ("Mon 00:00-01:00 -03:30", ["2026-01-05T03:30"], ["2026-01-05T03:29", "2026-01-05T00:30"]),
    ("Mon 10:00-11:00 Europe/Berlin", ["2026-01-05T09:00", "2026-07-06T08:00"], ["2026-01-05T10:00", "2026-07-06T09:00"]),
    ("Thu 00:00-24:00", ["1970-01-01T00:00", "1969-12-25T23:59"], ["1969-12-31T23:59", "1970-01-02T00:00"]),
  ])
  func `contains what its clock says`(text: String, inside: [String], outside: [String]) throws {
    let window = try UpdateWindow(parsing: text)
    for moment in inside { #expect(window.contains(Self.time(moment)), "\(moment)") }
    for moment in outside { #expect(!window.contains(Self.time(moment)), "\(moment)") }
  }

  @Test func `the change to summer time skips an hour, the change back repeats one`() throws {
    let night = try UpdateWindow(parsing: "02:00-04:00 Europe/Berlin")
    // 2026-03-29: from 01:00 UTC on it is 03:00.
    #expect(!night.contains(Self.time("2026-03-29T00:59")))
    #expect(night.contains(Self.time("2026-03-29T01:00")))
    #expect(!night.contains(Self.time("2026-03-29T02:00")))
    #expect(night.nextOpening(after: Self.time("2026-03-29T00:00")) == Self.time("2026-03-29T01:00"))
    #expect(night.nextOpening(after: Self.time("2026-03-29T01:00")) == Self.time("2026-03-30T00:00"))
    // 2026-10-25: from 01:00 UTC on it is 02:00 again.
    #expect(night.contains(Self.time("2026-10-25T00:00")))
    #expect(night.contains(Self.time("2026-10-25T02:59")))
    #expect(!night.contains(Self.time("2026-10-25T03:00")))
    #expect(night.nextOpening(after: Self.time("2026-10-24T12:00")) == Self.time("2026-10-25T00:00"))
    #expect(night.nextOpening(after: Self.time("2026-10-25T00:30")) == Self.time("2026-10-26T01:00"))

    let skipped = try UpdateWindow(parsing: "Sun 02:00-03:00 Europe/Berlin")
    #expect(skipped.nextOpening(after: Self.time("2026-03-22T12:00")) == Self.time("2026-04-05T00:00"))

    let repeated = try UpdateWindow(parsing: "22:00-02:30 Europe/Berlin")
    #expect(repeated.contains(Self.time("2026-10-25T00:29")))
    #expect(!repeated.contains(Self.time("2026-10-25T00:30")))
    #expect(repeated.nextOpening(after: Self.time("2026-10-25T00:30")) == Self.time("2026-10-25T01:00"))
    #expect(!repeated.contains(Self.time("2026-10-25T01:30")))
  }

  @Test func `the next opening is the next moment at which it opens`() throws {
    let weekend = try UpdateWindow(parsing: "Sat,Sun 00:00-24:00")
    #expect(weekend.nextOpening(after: Self.time("2026-01-05T12:00")) == Self.time("2026-01-10T00:00"))
    #expect(weekend.nextOpening(after: Self.time("2026-01-10T12:00")) == Self.time("2026-01-17T00:00"))
    let night = try UpdateWindow(parsing: "22:00-06:00")
    #expect(night.nextOpening(after: Self.time("2026-01-05T21:59")) == Self.time("2026-01-05T22:00"))
    #expect(night.nextOpening(after: Self.time("2026-01-05T22:00")) == Self.time("2026-01-06T22:00"))
    for always in ["00:00-24:00", "Mon-Sun 00:00-24:00 Europe/Berlin", "Fri-Thu 00:00-24:00 +01:00"] {
      #expect(try UpdateWindow(parsing: always).nextOpening(after: Self.time("2026-03-20T12:00")) == nil)
    }
    for end in [Timestamp(milliseconds: .min), Timestamp(milliseconds: .max)] {
      _ = try UpdateWindow(parsing: "Mon 10:00-11:00 Europe/Berlin").nextOpening(after: end)
      _ = night.contains(end)
    }
  }

  /// The reference looks at every minute.
  @Test(arguments: ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "-03:30"])
  func `the next opening is what a walk by minutes finds`(zone: String) throws {
    var random = SeededGenerator(seed: 3)
    for _ in 0..<6 {
      func clock(_ minute: Int) -> String {
        "\(minute < 600 ? "0" : "")\(minute / 60):\(minute % 60 < 10 ? "0" : "")\(minute % 60)"
      }
      let start = Int.random(in: 0..<1440, using: &random)
      let end = (start + Int.random(in: 1..<1440, using: &random)) % 1440
      let days = ["", "Sun ", "Sat-Mon ", "Mon,Sun "].randomElement(using: &random)!
      let window = try UpdateWindow(parsing: "\(days)\(clock(start))-\(clock(end)) \(zone)")
      // Some days before a change of the clocks: Europe, the USA, Lord Howe.
      let place = ["2026-03-26", "2026-10-23", "2026-03-05", "2026-10-30", "2026-04-02", "2026-10-01"].randomElement(
        using: &random)!
      let from = Self.time(place + "T11:17")
      var walked = from
      func opens() -> Bool { window.contains(walked) && !window.contains(walked.adding(seconds: -60)) }
      for _ in 0..<16 * 1440 {
        walked = walked.adding(seconds: 60)
        if opens() { break }
      }
      #expect(window.nextOpening(after: from) == walked, "\(window.text) after \(from.iso8601)")
    }
  }

  @Test(arguments: [
    ("", 1), ("Mon", 4), ("Xyz 10:00-11:00", 1), ("Mon,Xyz 10:00-11:00", 5), ("Mon- 10:00-11:00", 5), ("Mon, 10:00-11:00", 5),
    ("Mon10:00-11:00", 4), ("10:00", 6), ("10:00-", 7), ("24:00-10:00", 1), ("10:00-24:01", 7), ("10:60-11:00", 1),
    ("1:00-2:00", 1),
    ("10:00-11:000", 7), ("10:00-10:00", 7), ("00:00-00:00", 7), ("10:00-11:00 Europe/Nowhere", 13), ("10:00-11:00 EST", 13),
    ("10:00-11:00 GMT+5", 13), ("10:00-11:00 +15:00", 13), ("10:00-11:00 +1:00", 13), ("10:00-11:00 +01:00x", 19),
    ("10:00-11:00UTC", 12), ("10:00-11:00 UTC UTC", 17), ("10:00 - 11:00", 6), ("Mon-Fri  22:00-22:00", 16),
    ("10:00-11:00 ../../etc/passwd", 13), ("10:00-11:00 Europe/Bérlin", 21), ("montag 10:00-11:00", 1),
  ])
  func `a refusal names the character`(text: String, position: Int) {
    do throws(ExpressionError) {
      _ = try UpdateWindow(parsing: text)
      Issue.record("\(text) was taken")
    } catch {
      #expect(error.position == position, "\(text): \(error)")
    }
  }

  @Test func `random bytes are refused or taken, and nothing else`() {
    var random = SeededGenerator(seed: 8)
    let sample = Array("Mon-Fri 22:00-06:00 Europe/Berlin".utf8)
    for _ in 0..<5000 {
      var bytes = sample
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        bytes[Int.random(in: bytes.indices, using: &random)] = sample.randomElement(using: &random)!
      }
      if Bool.random(using: &random) { bytes.removeSubrange(Int.random(in: bytes.indices, using: &random)...) }
      let text = String(decoding: bytes, as: UTF8.self)
      if let window = try? UpdateWindow(parsing: text) { _ = window.nextOpening(after: .start) }
    }
  }
}
