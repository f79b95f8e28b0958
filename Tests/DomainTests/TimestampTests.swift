import Domain
import Foundation
import TestSupport
import Testing

@Suite struct TimestampTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (1_446_034_736_799, "2015-10-28T12:18:56.799Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.999Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
      (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"),
      (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
    ] as [(Int64, String)])
  func `a moment is written with three digits of fraction and read back`(milliseconds: Int64, text: String) {
    #expect(Timestamp(milliseconds: milliseconds).iso8601 == text)
    #expect(Timestamp(iso8601: text) == Timestamp(milliseconds: milliseconds))
  }

  @Test func `every moment between the years 0 and 9999 comes back as it was`() {
    var random = SeededGenerator(seed: 1)
    for _ in 0..<20_000 {
      let time = Timestamp(milliseconds: Int64.random(in: -62_167_219_200_000...253_402_300_799_999, using: &random))
      #expect(Timestamp(iso8601: time.iso8601) == time)
    }
  }

  @Test func `dates agree with another calendar`() throws {
    let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    var random = SeededGenerator(seed: 2)
    for _ in 0..<500 {
      // From 1600 on, since Foundation changes to the Julian calendar before 1582.
      let milliseconds = Int64.random(in: -11_676_096_000_000...253_402_300_799_999, using: &random) / 1000 * 1000
      #expect(
        Timestamp(milliseconds: milliseconds).iso8601
          == Date(timeIntervalSince1970: Double(milliseconds / 1000)).formatted(style))
    }
  }

  @Test(arguments: [
    "2015-10-28T12:18:56Z", "2015-10-28T12:18:56", "2015-10-28t12:18:56z", "2015-10-28 12:18:56", "20151028121856",
    "20151028T121856",
    "20151028T121856Z", "2015-10-28T12:18:56.000Z", "2015-10-28T12:18:56.000999999Z", "2015-10-28T12:18:56.0",
  ])
  func `every form of input gives the same moment`(text: String) {
    #expect(Timestamp(iso8601: text)?.milliseconds == 1_446_034_736_000)
  }

  @Test func `a short fraction counts as tenths and hundredths, a long one is cut`() {
    for (text, thousandths) in [(".5Z", 500), (".05", 50), (".123456789", 123), (".999999999Z", 999)] as [(String, Int64)] {
      #expect(Timestamp(iso8601: "1970-01-01T00:00:00" + text)?.milliseconds == thousandths)
    }
  }

  @Test(arguments: [
    "", "Z", "now", "2015", "2015-10-28", "2015-10-28T12:18", "2015-13-01T00:00:00Z", "2015-00-01T00:00:00Z",
    "2015-02-29T00:00:00Z",
    "1900-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2015-04-31T00:00:00Z", "2015-01-00T00:00:00Z", "2015-01-32T00:00:00Z",
    "2015-10-28T24:00:00Z", "2015-10-28T12:60:00Z", "2015-10-28T12:18:61Z", "2015-10-28T12:18:56ZZ", "2015-10-28T12:18:56Z ",
    "2015-10-28T12:18:56+01:00", "2015-10-28T12:18:56.1234567890Z", "2015-10-28T12:18:56.1-2", "-2015-10-28T12:18:56Z1",
    "2015-10-28T12:18:5６Z", "201510281218561", "2015-10-28T12:18:56.1.2Z", "2015-10-28T12:18:56.Z", "2-015-1028T12:18:56Z",
    "----20151028121856", "2015:10:28T12-18-56Z", "2015-10-28TT12:18:56Z", "20151028 121856Z-",
  ])
  func `what is no date is refused`(text: String) {
    #expect(Timestamp(iso8601: text) == nil)
  }

  @Test(arguments: [
    "2015-10-28T14:18:56+02:00", "2015-10-28T14:18:56.000+0200", "20151028T064856-0530", "2015-10-28T12:18:56 00:00",
    "20151028121856+00:00", "2015-10-29T12:17:56+23:59",
  ])
  func `clients may write an offset`(text: String) {
    #expect(Timestamp(wire: text)?.milliseconds == 1_446_034_736_000)
  }

  @Test(arguments: [
    "2015-10-28T12:18:56+24:00", "2015-10-28T12:18:56+00:60", "2015-10-28T12:18:56+02", "2015-10-28T12:18:56Z+02:00",
    "2015-10-28T12:18:56+", "+02:00", "2015-10-28+02:00", "2015-10-28T12:18:56.+02:00", "2015-10-28T12:18:56+0x:00",
    "2015-10-28T12:18:56+02:00:00",
  ])
  func `an offset of another form is refused`(text: String) {
    #expect(Timestamp(wire: text) == nil)
  }

  @Test func `2000 and 2400 are leap years`() {
    #expect(Timestamp(iso8601: "2000-02-29T00:00:00Z") != nil)
    #expect(Timestamp(iso8601: "2400-02-29T00:00:00Z") != nil)
  }

  @Test func `seconds are rounded down on both sides of 1970, and exact for large numbers`() {
    for (milliseconds, seconds) in [
      (1999, 1), (0, 0), (-1, -1), (-1000, -1), (-1001, -2), (9_007_199_254_740_993_999, 9_007_199_254_740_993),
    ]
      as [(Int64, Int64)]
    {
      #expect(Timestamp(milliseconds: milliseconds).seconds == seconds)
    }
    #expect(Timestamp(milliseconds: 5).adding(seconds: -2).milliseconds == -1995)
    #expect(Timestamp(milliseconds: 5).adding(seconds: .max).milliseconds == .max)
    #expect(Timestamp(milliseconds: 5).adding(seconds: .min).milliseconds == .min)
    #expect(Timestamp(milliseconds: .max - 10).adding(seconds: 1).milliseconds == .max)
  }

  @Test func `the earliest and the latest moment can be written without a crash`() {
    for milliseconds in [Int64.min, .max] {
      #expect(!Timestamp(milliseconds: milliseconds).iso8601.isEmpty)
      _ = Timestamp(milliseconds: milliseconds).seconds
    }
  }

  @Test func `random text is refused or gives a moment of four-digit years`() {
    var random = SeededGenerator(seed: 3)
    let characters = Array("0123456789-:TZ. +")
    for _ in 0..<20_000 {
      let text = String(
        (0..<Int.random(in: 0...30, using: &random)).map { _ in characters.randomElement(using: &random) ?? "0" })
      if let time = Timestamp(iso8601: text) { #expect(time.iso8601.utf8.count == 24) }
    }
  }

  @Test func `it is a text in JSON`() throws {
    let time = Timestamp(milliseconds: 1_446_034_736_799)
    #expect(String(decoding: try JSONEncoder().encode([time]), as: UTF8.self) == #"["2015-10-28T12:18:56.799Z"]"#)
    #expect(try JSONDecoder().decode([Timestamp].self, from: Data(#"["2015-10-28T12:18:56.799Z"]"#.utf8)) == [time])
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([Timestamp].self, from: Data(#"["yesterday"]"#.utf8)) }
    #expect(throws: DecodingError.self) { try JSONDecoder().decode([Timestamp].self, from: Data("[1]".utf8)) }
  }
}
