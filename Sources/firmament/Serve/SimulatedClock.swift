import Domain
import Foundation
import Synchronization

/// A clock that runs a number of times faster than real time, and goes on where it was when the process is started again.
///
/// It never goes back, not even after SIGKILL: what it says never passes the moment that lies in its file, which is written
/// ahead, and the next start begins there. When the file cannot be written the clock stands still.
final class SimulatedClock: Sendable {
  static let scales = 1...100_000
  static let defaultScale = 600
  /// Real milliseconds between two writes of the file, and how far ahead each is.
  private static let pause: Int64 = 100
  private static let reserve: Int64 = 400

  let scale: Int
  private let file: String
  private let origin: Int64
  private let began = ContinuousClock.now
  /// What is in the file, in milliseconds since 1970.
  private let limit: Atomic<Int64>
  private let isOver = Mutex(false)

  /// Begins at what the file says, or at `now` where there is none.
  /// - Throws: `CommandFailure` when the file cannot be read or written.
  init(file: String, scale: Int, now: Timestamp) throws {
    self.file = file
    self.scale = scale
    origin = try Self.read(file) ?? now.milliseconds
    limit = Atomic(origin)
    try extend()
  }

  func now() -> Timestamp {
    let real = (ContinuousClock.now - began) / .milliseconds(1)
    let (passed, over) = Int64(real).multipliedReportingOverflow(by: Int64(scale))
    let fraction = Int64((real - real.rounded(.towardZero)) * Double(scale))
    let time = over ? Int64.max : origin + passed + fraction
    return Timestamp(milliseconds: min(time, limit.load(ordering: .relaxed)))
  }

  /// Keeps the file ahead of the clock until `stop`, on a thread of its own: no work of the service may hold the time up.
  func run(whenFailed: @escaping @Sendable (any Error) -> Void) {
    Thread.detachNewThread { [self] in
      var isFailing = false
      while !isOver.withLock({ $0 }) {
        do {
          try extend()
          isFailing = false
        } catch {
          if !isFailing { whenFailed(error) }
          isFailing = true
        }
        usleep(UInt32(Self.pause) * 1000)
      }
    }
  }

  /// Leaves the moment in the file with which the next start begins.
  func stop() throws {
    try isOver.withLock { isOver in
      isOver = true
      let last = now().milliseconds
      limit.store(last, ordering: .relaxed)
      try Self.write(last, to: file)
    }
  }

  /// Real time between two rounds of work that follows this clock: as often as `interval` of it, but hardly more often than
  /// twenty times a second.
  func interval(_ interval: Duration) -> Duration { max(interval / scale, .milliseconds(50)) }

  private func extend() throws {
    try isOver.withLock { isOver in
      guard !isOver else { return }
      let elapsed = Int64((ContinuousClock.now - began) / .milliseconds(1))
      let next = origin + (elapsed + Self.reserve) * Int64(scale)
      try Self.write(next, to: file)
      limit.store(next, ordering: .relaxed)
    }
  }

  private static func read(_ file: String) throws -> Int64? {
    guard FileManager.default.fileExists(atPath: file) else { return nil }
    let text = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) } ?? ""
    guard let time = Int64(text.trimmingCharacters(in: .whitespacesAndNewlines)), time >= 0 else {
      throw CommandFailure("\(file) is damaged: write into it the milliseconds since 1970 at which the clock is to go on")
    }
    return time
  }

  /// Replaces the file at once. It has not to be on the disk: this is for a process that is killed, not for a power cut.
  private static func write(_ time: Int64, to file: String) throws {
    let staged = "\(file).new"
    let descriptor = open(staged, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    let text = Array("\(time)\n".utf8)
    let isWritten = descriptor >= 0 && Foundation.write(descriptor, text, text.count) == text.count
    let problem = errno
    if descriptor >= 0 { close(descriptor) }
    guard isWritten else { throw CommandFailure("cannot write \(staged): \(String(cString: strerror(problem)))") }
    guard rename(staged, file) == 0 else { throw CommandFailure("cannot write \(file): \(String(cString: strerror(errno)))") }
  }
}
