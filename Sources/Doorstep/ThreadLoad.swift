/// How much a thread has to do: nearly always something, or less than that. One thread that answers several connections at a
/// time costs less than two that wake up for each, so that others are given connections only where it is too much for one, and
/// not where it does not rest since it waits for a processor: another would have to wait, too.
struct ThreadLoad {
  /// What it is told by, in nanoseconds.
  private static let window: UInt64 = 50_000_000

  private let leastRest: UInt64
  private var began: UInt64
  private var rest: UInt64 = 0
  /// The processor's time that the thread has had when the window began.
  private var had: UInt64 = 0
  /// Whether it has rested less than it is to, and has not waited for a processor for more than a fourth of the time.
  private(set) var isFull = false

  /// - Parameter leastRest: thousandths of the time.
  init(at now: UInt64, leastRest: UInt64) { (began, self.leastRest) = (now, leastRest) }

  /// - Parameter timeOfThread: the processor's time that the thread has had, in nanoseconds; asked for once in a window.
  mutating func rested(from before: UInt64, to now: UInt64, _ timeOfThread: () -> UInt64) {
    rest += now - before
    let passed = now - began
    guard passed >= Self.window else { return }
    let had = timeOfThread()
    isFull = rest * 1000 < passed * leastRest && (rest + had - self.had) * 4 > passed * 3
    (began, rest, self.had) = (now, 0, had)
  }
}
