import CLinux
import Foundation
import Synchronization

/// Takes the connections of one listening socket, and answers there what can be answered at once. Most devices ask one small
/// thing, on a connection of its own or now and then on one that they keep: that takes a few system calls, and nothing that
/// lasts. A connection that is for more is handed on with what has come of it, for good.
public final class Doorstep: Sendable {
  private struct State {
    var isClosing = false
    /// Threads that have not ended.
    var threads: Int
    var whenClosed: [CheckedContinuation<Void, Never>] = []
  }

  private let bell: CInt
  private let state: Mutex<State>

  /// Begins to take connections.
  /// - Parameters:
  ///   - threads: those behind the first are needed only where that has too much to do.
  ///   - patience: a connection that has said nothing for as long, in nanoseconds, is closed.
  ///   - leastRest: a thread that rests for less of its time, in thousandths, gives connections to others.
  ///   - farewell: how long those that came or were heard of last may say more when it closes, in nanoseconds.
  ///   - idleTime: for how long the computer's processors have had nothing to do, all of them added up, in nanoseconds: others
  ///     are given connections only where one of them has not. Nil for what the system says.
  /// - Throws: where the process may open no more files.
  public init(
    _ listening: ListeningSocket, threads: Int, patience: UInt64, leastRest: UInt64 = 20,
    farewell: UInt64 = 200_000_000, idleTime: (@Sendable () -> UInt64)? = nil, taker: any ConnectionTaker
  ) throws(ListeningSocket.Failure) {
    state = Mutex(State(threads: threads))
    bell = firmament_bell()
    do throws(ListeningSocket.Failure) {
      guard bell >= 0 else { throw ListeningSocket.Failure(errorNumber: -bell) }
      var steps: [DoorstepThread] = []
      for number in 0..<threads {
        let listener = number == 0 ? listening.descriptor : nil
        steps.append(
          try DoorstepThread(
            listener, bell: bell, patience: patience, farewell: farewell, leastRest: leastRest,
            idleTime: idleTime ?? firmament_idle_time, taker: taker))
      }
      for step in steps { step.others = steps.filter { $0 !== step } }
      for (number, step) in steps.enumerated() { begin(step, number) }
    } catch {
      Foundation.close(listening.descriptor)
      if bell >= 0 { Foundation.close(bell) }
      throw error
    }
  }

  private func begin(_ step: DoorstepThread, _ number: Int) {
    Thread.detachNewThread { [self] in
      firmament_name_thread("Doorstep-\(number)")
      step.run()
      // They know one another.
      step.others = []
      hasEnded()
    }
  }

  /// Takes no more connections than those that wait to be taken, answers what has been said, and closes all. What was handed on
  /// stays.
  public func close() {
    let rings = state.withLock { state in
      defer { state.isClosing = true }
      return !state.isClosing
    }
    if rings { _ = firmament_ring(bell) }
  }

  /// Returns once it is closed: nothing is handed on any more.
  public func closed() async {
    await withCheckedContinuation { continuation in
      let isClosed = state.withLock { state in
        if state.threads > 0 { state.whenClosed.append(continuation) }
        return state.threads == 0
      }
      if isClosed { continuation.resume() }
    }
  }

  private func hasEnded() {
    let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>]? in
      state.threads -= 1
      guard state.threads == 0 else { return nil }
      defer { state.whenClosed = [] }
      return state.whenClosed
    }
    guard let waiting else { return }
    Foundation.close(bell)
    for continuation in waiting { continuation.resume() }
  }
}
