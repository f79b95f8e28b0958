import Domain
import TestSupport
import Testing

@testable import HTTPAPI

@Suite("HTTP dates")
struct HTTPDateTests {
  private let now = Timestamp(milliseconds: 1_700_000_000_000)  // 2023

  @Test(
    "are read in three forms",
    arguments: [
      ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
      ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Wed Nov 16 08:49:37 1994", 784_975_777),
      ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
      ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Friday, 06-Nov-26 08:49:37 GMT", 1_793_954_977),
      ("Sunday, 01-Jan-73 00:00:00 GMT", 3_250_454_400), ("Tuesday, 01-Jan-74 00:00:00 GMT", 126_230_400),
    ] as [(String, Int64)])
  func reads(text: String, seconds: Int64) {
    #expect(HTTPDate.parse(text, now: now)?.seconds == seconds)
  }

  @Test(
    "are refused when they are anything else",
    arguments: [
      "", "0", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT",
      "Sun, 06 nov 1994 08:49:37 GMT",
      "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:49:61 GMT",
      "Sun, 06 Nov 94 08:49:37 GMT",
      "Xxx, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37Z", "Sun,  06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 8:49:37 GMT",
      "Sunday, 06-Nov-1994 08:49:37 GMT", "Sun Nov 6 08:49:37 1994", "Sun, 06 Nov 1994 08:4-:37 GMT",
      "Sun, 06 Nov -994 08:49:37 GMT",
    ])
  func refuses(text: String) {
    #expect(HTTPDate.parse(text, now: now) == nil)
  }

  @Test("are written as IMF-fixdate, and read back")
  func writes() {
    #expect(HTTPDate.format(Timestamp(milliseconds: 784_111_777_999)) == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(HTTPDate.format(Timestamp(milliseconds: -1)) == "Wed, 31 Dec 1969 23:59:59 GMT")
    #expect(HTTPDate.format(Timestamp(milliseconds: .max)) == "Fri, 31 Dec 9999 23:59:59 GMT")
    #expect(HTTPDate.format(Timestamp(milliseconds: .min)) == "Sat, 01 Jan 0000 00:00:00 GMT")
    var random = SeededGenerator(seed: 1)
    for _ in 0..<1000 {
      let time = Timestamp(milliseconds: Int64.random(in: -9_999_999_999...99_999_999_999, using: &random) * 1000)
      #expect(HTTPDate.parse(HTTPDate.format(time), now: now) == time)
    }
  }
}
