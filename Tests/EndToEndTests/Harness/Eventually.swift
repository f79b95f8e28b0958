import Foundation

/// A condition that did not come about in the time it has.
struct NeverHappened: Error, CustomStringConvertible {
  let what: String
  let seconds: Double
  var description: String { "\(what): did not happen in \(seconds) s" }
}

/// Looks again and again whether what another process does in the background has come about.
/// - Throws: `NeverHappened` when the time is over.
func eventually(_ what: String, within seconds: Double = 120, _ condition: () async throws -> Bool) async throws {
  let deadline = ContinuousClock.now + .seconds(seconds)
  while try await !condition() {
    guard ContinuousClock.now < deadline else { throw NeverHappened(what: what, seconds: seconds) }
    try await Task.sleep(for: .milliseconds(5))
  }
}

/// The size of a file that another process writes; 0 where there is none.
func sizeOfFile(_ path: String) -> Int {
  var found = stat()
  return stat(path, &found) == 0 ? Int(found.st_size) : 0
}
