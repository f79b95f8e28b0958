import Domain
import Foundation
import NIOCore

/// What the hot connections of one thread have in common. It is used on that thread alone, so that nothing of it is waited for,
/// or counted by two processors at a time.
struct ThreadAnswers {
  /// The most bytes of answers that are gathered before they are sent.
  static let mostGathered = 65_536

  var polls = PreparedPolls()
  var controllers = PreparedControllerPolls()
  /// The answers of the connection whose turn it is, to be sent together.
  var gathered = ByteBuffer()
  private var date = DateLine.blank

  /// The time of this computer (RFC 9110 section 6.6.1).
  /// - Parameter now: the time since the computer was started.
  mutating func date(at now: NIODeadline) -> DateLine {
    if now >= date.end { date = DateLine(at: now) }
    return date
  }
}

/// The value of a Date field, good for the second that it tells.
struct DateLine {
  /// Any time, of as many bytes as each other.
  static let blank = DateLine(bytes: Array(HTTPDate.format(Timestamp(milliseconds: 0)).utf8), end: .uptimeNanoseconds(0))

  let bytes: [UInt8]
  /// When another second begins.
  let end: NIODeadline

  private init(bytes: [UInt8], end: NIODeadline) { (self.bytes, self.end) = (bytes, end) }

  /// The present time.
  init(at now: NIODeadline) {
    let time = Date().timeIntervalSince1970
    let second = time.rounded(.down)
    bytes = Array(HTTPDate.format(Timestamp(milliseconds: Int64(second) * 1000)).utf8)
    end = now + .nanoseconds(Int64((second + 1 - time) * 1e9))
  }

  /// - Precondition: there is room for it.
  func write(to space: UnsafeMutableRawBufferPointer, at place: Int) {
    bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: space[place...]).copyMemory(from: $0) }
  }
}
