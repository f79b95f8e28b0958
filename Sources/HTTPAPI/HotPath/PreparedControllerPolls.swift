import Cryptography
import FirmwareService

/// All that a request says, and where it says it, as a number that nobody can find another request for.
struct HeadKey: Hashable {
  private let high: UInt64
  private let low: UInt64
  private let isSecure: Bool

  /// - Parameter isSecure: whether its connection is encrypted.
  init(_ request: HotRequest, in bytes: UnsafeRawBufferPointer, isSecure: Bool) {
    (high, low, _, _) = SHA256Hasher.words(of: UnsafeRawBufferPointer(rebasing: bytes[..<request.length]))
    self.isSecure = isSecure
  }

  /// Half of it is as good as all: it is a hash already.
  func hash(into hasher: inout Hasher) { hasher.combine(low) }
}

/// What devices of the DDI door were answered last on one thread. A device says the same each time, and its answer names it, so
/// each of them has one of its own.
struct PreparedControllerPolls {
  /// What a device is answered as long as its mark holds.
  struct Known {
    let mark: ControllerPollMark
    let answer: PreparedAnswer
  }

  /// The most that are kept, some megabytes; with one more, all are made anew as they are needed.
  private static let most = 8192

  private var known: [HeadKey: Known] = [:]

  subscript(key: HeadKey) -> Known? { known[key] }

  mutating func keep(_ answer: PreparedAnswer, for mark: ControllerPollMark, to key: HeadKey) {
    if known.count >= Self.most { known = [:] }
    known[key] = Known(mark: mark, answer: answer)
  }
}
