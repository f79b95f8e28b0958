/// How much a thread has to do: nearly always something, or less than that. One thread that answers several connections at a
/// time costs less than two that wake up for each, so that others are given connections only where it is too much for one.
struct ThreadLoad {
  /// What it is told by, in nanoseconds.
  private static let window: UInt64 = 50_000_000

  private let leastRest: UInt64
  private var began: UInt64
  private var rest: UInt64 = 0
  /// Whether it has rested less than it is to.
  private(set) var isFull = false

  /// - Parameter leastRest: thousandths of the time.
  init(at now: UInt64, leastRest: UInt64) { (began, self.leastRest) = (now, leastRest) }

  mutating func rested(from before: UInt64, to now: UInt64) {
    rest += now - before
    guard now - began >= Self.window else { return }
    isFull = rest * 1000 < (now - began) * leastRest
    (began, rest) = (now, 0)
  }
}
