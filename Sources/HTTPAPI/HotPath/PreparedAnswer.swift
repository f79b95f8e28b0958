import HTTPTypes
import NIOCore

/// An answer of which all is written but the date, and what else is left open.
final class PreparedAnswer {
  typealias Status = HTTPResponse.Status

  /// Digits that are left open.
  struct Digits {
    let place: Int
    let count: Int

    init(_ place: Int, _ count: Int) { (self.place, self.count) = (place, count) }
  }

  let status: Status
  private let bytes: [UInt8]
  private let places: AnswerHead.Places
  /// In bytes from the beginning, like those that follow.
  private let tokens: [Int]
  private let hexadecimal: Digits?
  private let decimal: Digits?

  /// What is another in each answer is left open.
  /// - Parameters:
  ///   - tokens: where they stand in the body.
  ///   - tagEnd: hexadecimal digits of a number in the tag.
  ///   - bodyEnd: its decimal digits in the body.
  init(
    _ head: AnswerHead, tokens: [Int] = [], tagEnd: Digits? = nil, bodyEnd: Digits? = nil, body: (inout AnswerPen) -> Void
  ) {
    var places = AnswerHead.Places()
    var buffer = ByteBuffer()
    AnswerPen.add(to: &buffer, capacity: head.length + head.bodyLength) { pen in
      places = pen.write(head, at: DateLine.blank)
      if head.hasBody { body(&pen) }
    }
    (status, bytes, self.places) = (head.status, Array(buffer.readableBytesView), places)
    hexadecimal = tagEnd.map { Digits(places.tag + $0.place, $0.count) }
    self.tokens = places.body.map { body in tokens.map { body + $0 } } ?? []
    decimal = places.body.flatMap { body in bodyEnd.map { Digits(body + $0.place, $0.count) } }
  }

  /// Writes all of it.
  /// - Parameters:
  ///   - token: as many bytes as are left open for it.
  ///   - number: of as many digits as are left open for it.
  func write(
    to buffer: inout ByteBuffer, token: UnsafeRawBufferPointer = .init(start: nil, count: 0), number: UInt64 = 0,
    date: DateLine
  ) {
    buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: bytes.count) { space in
      bytes.withUnsafeBytes { space.copyMemory(from: $0) }
      date.write(to: space, at: places.date)
      for place in tokens { UnsafeMutableRawBufferPointer(rebasing: space[place...]).copyMemory(from: token) }
      if let hexadecimal { Self.write(number, base: 16, at: hexadecimal, to: space) }
      if let decimal { Self.write(number, base: 10, at: decimal, to: space) }
      return bytes.count
    }
  }

  private static func write(_ number: UInt64, base: UInt64, at digits: Digits, to space: UnsafeMutableRawBufferPointer) {
    var rest = number
    for place in (digits.place..<digits.place + digits.count).reversed() {
      space[place] = digit(rest % base)
      rest /= base
    }
  }

  /// Of a number below 16.
  static func digit(_ number: UInt64) -> UInt8 { UInt8(number) + (number < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10) }
}
