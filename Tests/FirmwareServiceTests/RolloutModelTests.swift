import Catalog
import Testing

@testable import FirmwareService

/// The engine against a slow, obvious model of the same rules.
@Suite("Random fleets") struct RolloutModelTests {
  /// Fleets of one case, one after another on one service.
  private static let fleets = 25

  @Test func `get from the service what the plain rules say, at every poll`() async throws {
    let seen = try await withThrowingTaskGroup(of: [String: Int].self) { group in
      for seed in 1...8 as ClosedRange<UInt64> { group.addTask { try await Self.play(seed: seed) } }
      return try await group.reduce(into: [:]) { $0.merge($1, uniquingKeysWith: +) }
    }
    let asked = [
      "update", "current", "nothing", "stage", "running", "paused", "halted", "finished", "cancelled", "revert", "claimed",
      "remembered",
    ]
    for what in asked {
      #expect(seen[what, default: 0] > 0, "\(what) never came")
    }
  }

  /// What happened in the fleets of one seed, and how often.
  private static func play(seed: UInt64) async throws -> [String: Int] {
    let test = try await TestService()
    // Nobody is silent to a service that has only just begun.
    test.clock.advance(seconds: 7200)
    var seen: [String: Int] = [:]
    for number in 0..<fleets {
      var fleet = try await RandomFleet(test, number: number, seed: seed * 1000 + UInt64(number))
      try await fleet.create()
      try await fleet.advance()
      for step in 0..<80 {
        guard try await fleet.step() else {
          Issue.record("fleet \(number), step \(step):\n\(fleet.log.joined(separator: "\n"))")
          return [:]
        }
      }
      let (known, stored) = try await fleet.parts()
      guard known == stored else {
        Issue.record(
          """
          fleet \(number): only the model has \(known.subtracting(stored).sorted()), only the catalog \
          \(stored.subtracting(known).sorted())
          \(fleet.log.joined(separator: "\n"))
          """)
        return [:]
      }
      let wrong = try await test.catalog.wrongRolloutCounts()
      #expect(wrong.isEmpty, "\(wrong)")
      try await fleet.end()
      seen.merge(fleet.seen, uniquingKeysWith: +)
    }
    return seen
  }
}
