/// How much a thread has to do: nearly always something, or less than that. One thread that answers several connections at a
/// time costs less than two that wake up for each, so that others are given connections only where it is too much for one, and
/// there is a processor for them: not where this one waits for its own, nor where all others have something to do, too.
struct ThreadLoad {
  /// What it is told by, in nanoseconds.
  private static let window: UInt64 = 50_000_000

  private let leastRest: UInt64
  private var began: UInt64
  private var rest: UInt64 = 0
  /// The processor's time that the thread has had when the window began.
  private var had: UInt64 = 0
  /// What all processors together have rested when the window began; nil where the thread was not busy before.
  private var idle: UInt64?
  /// Whether it has rested less than it is to for two windows, has not waited for a processor for more than a fourth of the
  /// time, and another one has had nothing to do for half of it: those that answer less are not worth what it costs to wake
  /// them up.
  private(set) var isFull = false

  /// - Parameter leastRest: thousandths of the time.
  init(at now: UInt64, leastRest: UInt64) { (began, self.leastRest) = (now, leastRest) }

  /// - Parameters:
  ///   - timeOfThread: the processor's time that the thread has had, in nanoseconds; asked for once in a window.
  ///   - idleTime: the time for which processors had nothing to do, all of them added up, in nanoseconds; asked for once in a
  ///     window by a thread that is busy.
  mutating func rested(from before: UInt64, to now: UInt64, timeOfThread: () -> UInt64, idleTime: () -> UInt64) {
    rest += now - before
    let passed = now - began
    guard passed >= Self.window else { return }
    let had = timeOfThread()
    let isBusy = rest * 1000 < passed * leastRest && (rest + had - self.had) * 4 > passed * 3
    let idle = isBusy ? idleTime() : nil
    // A processor that is taken out takes its time along.
    isFull = if let idle, let before = self.idle { idle > before && (idle - before) * 2 > passed } else { false }
    (began, rest, self.had, self.idle) = (now, 0, had, idle)
  }
}
