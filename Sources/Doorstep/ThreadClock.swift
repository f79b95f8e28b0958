import CLinux

/// How much of a processor one thread has had, for others to see.
public struct ThreadClock: Sendable {
  private let clock = firmament_thread_clock()

  /// That of the thread which makes it.
  public init() {}

  /// In nanoseconds; meaningless once the thread has ended.
  public var time: UInt64 { firmament_time_by(clock) }
}
