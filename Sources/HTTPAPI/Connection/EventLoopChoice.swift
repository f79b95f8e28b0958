import Doorstep
import NIOCore
import Synchronization

/// Chooses the event loop of each connection: the first one for as long as that is not too much for it. One loop that serves
/// several connections wakes up once for all that have said something meanwhile, and its processor has at hand what it needs.
/// Where they are shared out evenly, all loops wake up for each, which costs a request a tenth to a third more.
///
/// A connection stays where it is, and may ask for more one day than now. So no loop is ahead of another one by many, and one
/// that hardly rests is given no more, as long as there are others.
final class EventLoopChoice: Sendable {
  /// By how many connections a loop may be ahead of the one that has the fewest.
  static let lead = 64
  /// How long a loop's work is looked at. After four times as long, what was before says nothing of it.
  static let window = TimeAmount.milliseconds(50)

  private struct Candidate {
    var connections = 0
    /// The processor's time that it has had when the window began.
    var had: UInt64 = 0
    /// Whether it has rested for less than a fourth of the last window.
    var isFull = false
  }

  private struct State {
    var candidates: [Candidate]
    /// When the window began.
    var began = NIODeadline.uptimeNanoseconds(0)
  }

  private let loops: [any EventLoop]
  private let timeOfLoop: @Sendable (Int) -> UInt64
  private let state: Mutex<State>

  /// - Parameter timeOfLoop: the processor's time that the loop of this number has had, in nanoseconds; nil for what the system
  ///   says of its thread.
  init(_ loops: [any EventLoop], timeOfLoop: (@Sendable (Int) -> UInt64)? = nil) {
    self.loops = loops
    self.timeOfLoop = timeOfLoop ?? ThreadClocks(loops).time(of:)
    state = Mutex(State(candidates: Array(repeating: Candidate(), count: loops.count)))
  }

  /// The loop of a new connection.
  /// - Parameters:
  ///   - isLong: whether the connection is for something that keeps a loop at work by itself. These are shared out evenly.
  ///   - now: on one clock for all calls.
  /// - Returns: with its number, by which the connection is to leave it.
  func take(isLong: Bool = false, at now: NIODeadline = .now()) -> (number: Int, loop: any EventLoop) {
    let number = state.withLock { state in
      look(&state, at: now)
      let number = Self.choose(among: state.candidates, lead: isLong ? 1 : Self.lead)
      state.candidates[number].connections += 1
      return number
    }
    return (number, loops[number])
  }

  /// Notes that a connection has ended.
  func leave(_ number: Int) { state.withLock { $0.candidates[number].connections -= 1 } }

  private static func choose(among candidates: [Candidate], lead: Int) -> Int {
    let fewest = candidates.filter { !$0.isFull }.map(\.connections).min()
    if let fewest, let first = candidates.firstIndex(where: { !$0.isFull && $0.connections < fewest + lead }) { return first }
    return candidates.indices.min { candidates[$0].connections < candidates[$1].connections } ?? 0
  }

  private func look(_ state: inout State, at now: NIODeadline) {
    let passed = now - state.began
    guard passed >= Self.window else { return }
    for number in state.candidates.indices {
      let had = timeOfLoop(number)
      let worked = TimeAmount.nanoseconds(Int64(bitPattern: had &- state.candidates[number].had))
      state.candidates[number].isFull = passed <= Self.window * 4 && worked * 4 > passed * 3
      state.candidates[number].had = had
    }
    state.began = now
  }
}

/// How much of a processor event loops have had.
private final class ThreadClocks: Sendable {
  /// Of each loop, as soon as it has told its own.
  private let clocks: Mutex<[ThreadClock?]>

  init(_ loops: [any EventLoop]) {
    clocks = Mutex(Array(repeating: nil, count: loops.count))
    for (number, loop) in loops.enumerated() {
      loop.execute {
        let clock = ThreadClock()
        self.clocks.withLock { $0[number] = clock }
      }
    }
  }

  /// In nanoseconds; 0 where it is not known.
  @Sendable func time(of number: Int) -> UInt64 { clocks.withLock { $0[number] }.map(\.time) ?? 0 }
}
