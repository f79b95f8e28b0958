import Domain
import FirmwareService
import NIOCore
import Testing

@testable import HTTPAPI

/// Answers that are written before they are asked for, against the same answers written one by one.
@Suite struct PreparedPollTests {
  /// On both sides of each number that takes another digit, decimal or hexadecimal.
  private static let times: [Int64] = [
    0, 1, 9, 10, 15, 16, 99, 100, 255, 256, 999, 1000, 4095, 4096, 9999, 10_000, 65_535, 65_536, 99_999, 100_000, 999_999,
    1_000_000, 1_048_575, 1_048_576, 16_777_215, 16_777_216, Int64(Int32.max),
  ]

  private static func offers() async throws -> [SharedOffers] {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.service.identifyThing(try await test.activate())
    let none = try await test.service.offerFirmware(to: thing, running: nil).shared
    try await test.release("1.0.0", [1, 2, 3])
    return [none, try await test.service.offerFirmware(to: thing, running: nil).shared]
  }

  /// - Parameter ifNoneMatch: empty where there is none.
  private static func answer(
    _ poll: PreparedPoll, _ token: String, _ seconds: Int64, _ ifNoneMatch: String = "", closes: Bool = false
  ) -> String {
    // What stands behind it is not its own.
    var buffer = ByteBuffer(string: "before")
    _ = ByteBuffer(string: token).withUnsafeReadableBytes { token in
      ByteBuffer(string: ifNoneMatch).withUnsafeReadableBytes { tag in
        poll.write(
          to: &buffer, token: token, retryAfter: seconds, ifNoneMatch: tag, date: DateLine(at: .uptimeNanoseconds(0)),
          closes: closes)
      }
    }
    // The time of day is not what is looked at.
    return String(buffer: buffer).replacing(#/Date: [^\r]*GMT/#, with: "Date: now")
  }

  private static func expected(
    _ template: PollTemplate, _ token: String, _ seconds: Int64, isKnown: Bool = false, closes: Bool = false
  ) -> String {
    var body = ""
    Array(token.utf8).withUnsafeBytes { token in
      template.write(token: token, retryAfter: seconds) { body += String(decoding: $0, as: UTF8.self) }
    }
    let length = "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n"
    return "beforeHTTP/1.1 \(isKnown ? "304 Not Modified" : "200 OK")\r\nETag: \(template.tag(retryAfter: seconds))\r\n"
      + "Cache-Control: no-cache\r\n\(isKnown ? "" : length)Date: now\r\n\(closes ? "Connection: close\r\n" : "")\r\n"
      + (isKnown ? "" : body)
  }

  @Test func `each answer is what it would be by itself, whichever were written before`() async throws {
    let tokens = ["a", "Z"].map { String(repeating: $0, count: ThingToken.length) }
    for offers in try await Self.offers() {
      let template = PollTemplate(offers.firmwares, publicPath: "/ota")
      for times in [Self.times, Self.times.reversed(), Self.times.shuffled()] {
        let poll = PreparedPoll(offers, template)
        for seconds in times + times {
          for token in tokens {
            for closes in [false, true] {
              let whole = Self.answer(poll, token, seconds, closes: closes)
              #expect(whole == Self.expected(template, token, seconds, closes: closes))
              let tag = template.tag(retryAfter: seconds)
              let known = Self.answer(poll, token, seconds, tag, closes: closes)
              #expect(known == Self.expected(template, token, seconds, isKnown: true, closes: closes))
            }
          }
        }
      }
    }
  }

  @Test func `only the tag of the same offers and the same time is known`() async throws {
    let offers = try #require(try await Self.offers().last)
    let template = PollTemplate(offers.firmwares, publicPath: "")
    let poll = PreparedPoll(offers, template)
    let token = String(repeating: "t", count: ThingToken.length)
    for seconds in Self.times {
      let tag = template.tag(retryAfter: seconds)
      let digits = String(seconds, radix: 16)
      let others = [
        seconds + 1, seconds + 16, seconds * 16 + 256, seconds ^ 1, seconds | 0x1_0000_0000,
      ].map { template.tag(retryAfter: $0) }
      let wrong = [
        String(tag.dropLast()), String(tag.dropFirst()), tag + "0", tag.replacing("\(digits)\"", with: "0\(digits)\""),
        template.tagBeginning, template.tagBeginning + "\"", "\"\"", "\"", "\"-\(digits)\"",
        tag.replacing("\(digits)\"", with: "\(String(repeating: "0", count: 20))\(digits)\""),
      ]
      for text in others + wrong {
        #expect(
          Self.answer(poll, token, seconds, text) == Self.expected(template, token, seconds), "\(seconds) \(text)")
      }
      for text in ["W/\(tag)", "\"x\", \(tag)", "*", "\(tag), \"x\""] {
        let answer = Self.answer(poll, token, seconds, text)
        #expect(answer == Self.expected(template, token, seconds, isKnown: true), "\(seconds) \(text)")
      }
    }
  }
}
