import Foundation
import Synchronization

/// Progress on standard error: a bar that is redrawn on a terminal; else a line at the start, about every ten seconds, and at
/// the end. It may be told from any thread.
final class TransferProgress: Sendable {
  private struct State {
    var began: ContinuousClock.Instant?
    var start: Int64 = 0
    var done: Int64 = 0
    var shown: ContinuousClock.Instant?
  }

  private let title: String
  private let total: Int64
  private let onTerminal = StandardStream.error.isTerminal
  private let state = Mutex(State())

  init(_ title: String, total: Int64) {
    self.title = title
    self.total = total
  }

  /// - Parameter done: how far it is; it may go back when an attempt is repeated.
  func update(_ done: Int64) {
    let now = ContinuousClock.now
    state.withLock { state in
      if state.began == nil { (state.began, state.start) = (now, done) }
      state.done = done
      let pause: Duration = onTerminal ? .milliseconds(100) : .seconds(10)
      if let shown = state.shown, now - shown < pause { return }
      state.shown = now
      show(state, now)
    }
  }

  /// The last line.
  func finish() {
    state.withLock { state in
      if state.began != nil { show(state, .now) }
      if onTerminal { StandardStream.error.write("\n") }
    }
  }

  /// A remark between the lines.
  func note(_ text: String) {
    StandardStream.error.write((onTerminal ? "\r\u{1B}[K" : "") + PlainText.oneLine(text) + "\n")
  }

  private func show(_ state: State, _ now: ContinuousClock.Instant) {
    let elapsed = state.began.map { (now - $0) / .seconds(1) } ?? 0
    let line = ProgressLine(title: title, done: state.done, total: total, start: state.start, elapsed: elapsed)
    StandardStream.error.write(onTerminal ? "\r\u{1B}[K" + line.bar(columns: StandardStream.error.columns) : line.plain + "\n")
  }
}
