import ArgumentParser
import Domain

/// A moment in UTC: `2026-12-01T22:00:00Z`.
struct TimeArgument: ExpressibleByArgument, Sendable {
  let time: Timestamp

  init?(argument: String) {
    guard let time = Timestamp(iso8601: argument) else { return nil }
    self.time = time
  }
}
