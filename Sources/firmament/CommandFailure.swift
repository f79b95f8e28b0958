import ArgumentParser
import Foundation

/// A failure at work that a person is told in one line: what is wrong, and what to do.
struct CommandFailure: Error, CustomStringConvertible {
  let description: String
  /// Lines to show below it as they are; safe for a terminal.
  let below: String?

  init(_ description: String, below: String? = nil) {
    self.description = description
    self.below = below
  }

  /// The line for any error; nil for what the argument parser prints itself (help, usage, a bare exit code).
  static func line(for error: any Error) -> String? {
    // The parser's own errors have the codes of help (0) and wrong usage (64); all others count as a plain failure there.
    if error is ExitCode || Firmament.exitCode(for: error) != .failure { return nil }
    if error is CancellationError { return "stopped" }
    if let error = error as? CocoaError { return PlainText.oneLine(error.localizedDescription) }
    return PlainText.oneLine((error as? any LocalizedError)?.errorDescription ?? "\(error)")
  }
}
