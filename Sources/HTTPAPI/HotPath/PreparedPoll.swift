import Domain
import FirmwareService
import Foundation
import NIOCore

/// The answers to all polls that are offered the same: of each all is written but the token, the time to ask again, which is
/// another for each thing, and the date.
final class PreparedPoll {
  /// Those whose times to ask again have as many digits, in the body and in the tag.
  private struct Layout {
    let seconds: ClosedRange<Int64>
    let decimalDigits: Int
    let hexadecimalDigits: Int
    /// As they were needed: whole or 304, and each for connections that go on or end.
    var answers: [PreparedAnswer?] = [nil, nil, nil, nil]
  }

  /// Held, so that their number stays theirs.
  let offers: SharedOffers
  private let template: PollTemplate
  private let tagBeginning: [UInt8]
  private var layouts: [Layout] = []

  init(_ offers: SharedOffers, _ template: PollTemplate) {
    self.offers = offers
    self.template = template
    tagBeginning = Array(template.tagBeginning.utf8)
  }

  /// Writes the answer to one request.
  /// - Parameters:
  ///   - retryAfter: seconds, not negative.
  ///   - ifNoneMatch: the field's value, empty where there is none.
  func write(
    to buffer: inout ByteBuffer, token: UnsafeRawBufferPointer, retryAfter: Int64, ifNoneMatch: UnsafeRawBufferPointer,
    date: DateLine, closes: Bool
  ) -> PreparedAnswer.Status {
    let index = layouts.firstIndex { $0.seconds.contains(retryAfter) } ?? addLayout(for: retryAfter)
    let isKnown = !ifNoneMatch.isEmpty && isTag(of: retryAfter, knownBy: ifNoneMatch)
    let variant = (isKnown ? 2 : 0) + (closes ? 1 : 0)
    let answer = layouts[index].answers[variant] ?? prepare(variant, index, isKnown: isKnown, closes: closes)
    answer.write(to: &buffer, token: token, number: UInt64(retryAfter), date: date)
    return answer.status
  }

  private func addLayout(for seconds: Int64) -> Int {
    let (decimal, hexadecimal) = (String(seconds).utf8.count, String(seconds, radix: 16).utf8.count)
    let first = max(Self.power(10, decimal - 1), Self.power(16, hexadecimal - 1))
    let last = min(Self.power(10, decimal), Self.power(16, hexadecimal)) - 1
    // 0 has a digit, too.
    let range = (seconds < 10 ? 0 : first)...max(first, last)
    layouts.append(Layout(seconds: range, decimalDigits: decimal, hexadecimalDigits: hexadecimal))
    return layouts.count - 1
  }

  /// The greatest number where the power is no number.
  private static func power(_ base: Int64, _ exponent: Int) -> Int64 {
    (0..<exponent).reduce(1) { power, _ in
      let (product, overflows) = power.multipliedReportingOverflow(by: base)
      return overflows ? .max : product
    }
  }

  private func prepare(_ variant: Int, _ index: Int, isKnown: Bool, closes: Bool) -> PreparedAnswer {
    let (layout, any) = (layouts[index], layouts[index].seconds.lowerBound)
    let head = AnswerHead(
      tag: template.tag(retryAfter: any), type: "application/json", bodyLength: template.length(retryAfter: any),
      isKnown: isKnown, closes: closes)
    let blank = [UInt8](repeating: UInt8(ascii: "-"), count: ThingToken.length)
    let answer = PreparedAnswer(
      head, tokens: template.tokenPlaces, tagEnd: .init(tagBeginning.count, layout.hexadecimalDigits),
      bodyEnd: .init(template.length(retryAfter: any) - 1 - layout.decimalDigits, layout.decimalDigits)
    ) { pen in
      blank.withUnsafeBytes { blank in template.write(token: blank, retryAfter: any) { pen.write($0) } }
    }
    layouts[index].answers[variant] = answer
    return answer
  }

  private func isBeginning(of ifNoneMatch: UnsafeRawBufferPointer) -> Bool {
    guard let first = ifNoneMatch.baseAddress, ifNoneMatch.count >= tagBeginning.count else { return false }
    return memcmp(first, tagBeginning, tagBeginning.count) == 0
  }

  private func isTag(of retryAfter: Int64, knownBy ifNoneMatch: UnsafeRawBufferPointer) -> Bool {
    // Most who ask so have the tag of what they got last, which is written plainly.
    let rest = ifNoneMatch.dropFirst(tagBeginning.count)
    if isBeginning(of: ifNoneMatch), rest.last == UInt8(ascii: "\""), (2...17).contains(rest.count) {
      var (number, place) = (UInt64(retryAfter), rest.endIndex - 1)
      while place > rest.startIndex, rest[place - 1] == PreparedAnswer.digit(number & 15) {
        (number, place) = (number >> 4, place - 1)
        if number == 0 { break }
      }
      if number == 0, place == rest.startIndex { return true }
    }
    return EntityTag.isKnown(
      template.tag(retryAfter: retryAfter), by: String(decoding: ifNoneMatch, as: UTF8.self))
  }
}

/// The prepared answers of one event loop.
struct PreparedPolls {
  /// The most that are kept; with one more, all are made anew as they are needed.
  private static let most = 256

  /// Most polls are answered like the one before.
  private var latest: (number: UInt64, poll: PreparedPoll)?
  private var known: [UInt64: PreparedPoll] = [:]

  /// - Parameter number: of offers.
  subscript(number: UInt64) -> PreparedPoll? {
    mutating get {
      if let latest, latest.number == number { return latest.poll }
      guard let found = known[number] else { return nil }
      latest = (number, found)
      return found
    }
  }

  mutating func keep(_ poll: PreparedPoll) {
    if known.count >= Self.most { known = [:] }
    known[poll.offers.number] = poll
    latest = (poll.offers.number, poll)
  }
}
