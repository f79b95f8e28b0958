import APIClient
import APIContract
import Domain
import Foundation

/// Shows a rollout again and again until nothing more happens to it by itself.
struct RolloutWatch: Sendable {
  /// Redrawn in place, a line at each change, or a JSON document at each change.
  enum Form: Sendable { case screen, lines, json }

  /// How often in a row the server may not answer; before its first answer it may not fail at all.
  static let patience = 10

  let form: Form
  let interval: Duration
  let write: @Sendable (String) -> Void
  var columns: @Sendable () -> Int = { StandardStream.output.columns }
  var now: @Sendable () -> Timestamp = { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }

  func run(_ fetch: () async throws -> RolloutShape) async throws {
    var shown = ""
    var rows = 0
    var rollout = try await fetch()
    while true {
      let text = try text(of: rollout)
      if text != shown {
        write(rendered(text, over: rows))
        (shown, rows) = (text, ScreenText.rows(of: text, columns: columns()))
      }
      if [.finished, .halted, .cancelled].contains(rollout.state) { return }
      rollout = try await next(fetch)
    }
  }

  private func text(of rollout: RolloutShape) throws -> String {
    switch form {
    case .screen: rollout.text
    case .lines: rollout.progressLine
    case .json: try OutputRendering.json(rollout)
    }
  }

  private func rendered(_ text: String, over rows: Int) -> String {
    switch form {
    case .screen: ScreenText.erasing(rows: rows) + text + "\n"
    case .lines: "\(PlainText.time(now())) \(text)\n"
    case .json: text + "\n"
    }
  }

  /// The next answer, after a pause. A server that is away for a moment, such as at its restart, does not end the watch.
  private func next(_ fetch: () async throws -> RolloutShape) async throws -> RolloutShape {
    var failures = 0
    while true {
      try await Task.sleep(for: interval)
      do { return try await fetch() } catch let error as APIClientError where error.isPassing && failures < Self.patience {
        failures += 1
      }
    }
  }
}
