import Domain
import TestSupport
import Testing

@testable import Rollouts

/// Any order of events, as bad networks and bad devices make it.
@Suite("Whatever happens to an update") struct UpdateWalkTests {
  private enum Event {
    case observation(InstallationProgress.Observation)
    case report(ProgressReport)
    case running(String, boot: String?)
    case claim
    case time
    case retry
  }

  private static let target = Firmware.sample("2.0.0", sequence: 2)
  private static let registered = ["1.0.0": Firmware.sample("1.0.0", sequence: 1), "2.0.0": target]
  private static let within: Int64 = 900
  private static let attempts = 3

  private static func event(_ random: inout SeededGenerator) -> Event {
    let boots = [nil, "a", "b", "c"]
    switch Int.random(in: 0..<21, using: &random) {
    case 0...4:
      let seen: [InstallationProgress.Observation] = [.offered, .downloading, .downloaded]
      return .observation(seen.randomElement(using: &random)!)
    case 5...11:
      return .report(
        ProgressReport(
          status: ReportedStatus.allCases.randomElement(using: &random)!, boot: boots.randomElement(using: &random)!))
    case 12...16:
      let versions = ["1.0.0", "1.0.0", "2.0.0", "3.0.0", "factory"]
      return .running(versions.randomElement(using: &random)!, boot: boots.randomElement(using: &random)!)
    case 17, 18: return .time
    case 19: return .claim
    default: return .retry
    }
  }

  private static func apply(_ event: Event, to installation: Installation?, at now: Timestamp) -> Installation? {
    switch event {
    case .observation(let seen):
      return InstallationProgress.observe(seen, on: installation, of: target.id, attempts: attempts, at: now) ?? installation
    case .report(let report):
      return InstallationProgress.apply(
        report, to: installation, of: target.id, knownBoot: nil, attempts: attempts, at: now)
    case .running(let version, let boot):
      guard let installation else { return nil }
      return Confirmation.apply(
        running: version, boot: boot, to: installation, of: target, registered: registered[version], confirmWithin: within,
        at: now) ?? installation
    case .claim: return InstallationProgress.claim(installation, of: target.id, at: now)
    case .time:
      guard let installation else { return nil }
      return Confirmation.expire(installation, confirmWithin: within, at: now) ?? installation
    case .retry:
      guard let installation, [.failed, .rejected, .rolledBack].contains(installation.state) else { return installation }
      return nil
    }
  }

  /// What must hold for a step from one state to the next; the words say what was broken.
  private static func violation(_ event: Event, _ before: Installation?, _ after: Installation?, at now: Timestamp) -> String? {
    let order: [InstallationState] = [.offered, .downloading, .downloaded, .installing, .installed]
    if after?.state == .confirmed, before?.state != .confirmed {
      guard case .running("2.0.0", _) = event else { return "confirmed by something else than the target version" }
    }
    if after?.state == .claimed, before?.state != .claimed {
      guard case .claim = event else { return "claimed by something else than a claim" }
    }
    if case .claim = event, before?.state != .confirmed, after?.state != .claimed { return "a claim was not believed" }
    if before?.state == .rolledBack, after?.state != .rolledBack {
      switch event {
      case .claim: break
      case .retry: guard after == nil else { return "a retry left something behind" }
      case .running("2.0.0", _): guard after?.state == .confirmed else { return "the target version did not confirm" }
      default: return "left rolledBack without a confirmation or a retry"
      }
    }
    if after?.state == .rolledBack, before?.state != .rolledBack {
      let hadIt: [InstallationState?] = [.installed, .confirmed, .claimed]
      guard hadIt.contains(before?.state) else { return "rolled back what was never installed" }
      if before?.state == .installed, case .time = event, let at = before?.installedAt {
        guard now >= at.adding(seconds: within) else { return "rolled back before its time" }
      }
    }
    if case .observation(let seen) = event, let before, let after, before != after {
      let hadIt = before.state == .confirmed || before.state == .claimed
      let mayAgain = hadIt || (before.state == .failed && before.attempts < attempts)
      let again = mayAgain && seen == .offered && after.state == .offered
      let from = order.firstIndex(of: before.state), to = order.firstIndex(of: after.state)
      let forward = if let from, let to { from < to } else { false }
      guard again || forward else { return "an observation moved a state back" }
    }
    if case .report = event, before?.state == .confirmed || before?.state == .rolledBack, before != after {
      return "a report changed what is decided"
    }
    if let before, let after, after.attempts != before.attempts {
      let hadIt = before.state == .confirmed || before.state == .claimed
      let isNew = hadIt && after.state == .offered && after.attempts == 0
      let isOneMore = before.state != .failed && after.attempts == before.attempts + 1
      guard isNew || isOneMore else { return "an attempt was miscounted" }
    }
    if case .report(let report) = event, before?.state == .claimed, before != after {
      guard report.status == .failed || report.status == .rejected else { return "a late report took a claim back" }
    }
    if after?.state == .installed, after?.installedAt == nil { return "installed without a moment" }
    if let before, let after, before.state != after.state, after.since != now { return "the moment of the change is missing" }
    if let before, let after, before.state == after.state, after.since != before.since { return "the moment moved" }
    return nil
  }

  @Test(arguments: 1...50 as ClosedRange<UInt64>)
  func `no order of events breaks what the states promise`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var installation: Installation?
    var milliseconds: Int64 = 0
    for step in 0..<2000 {
      milliseconds += Int64.random(in: 1...400_000, using: &random)
      let event = Self.event(&random)
      let now = Timestamp.after(milliseconds: milliseconds)
      let next = Self.apply(event, to: installation, at: now)
      let violation = Self.violation(event, installation, next, at: now)
      #expect(violation == nil, "step \(step): \(event) from \(String(describing: installation))")
      if violation != nil { return }
      installation = next
    }
  }

  @Test func `the walk comes by every state`() {
    var random = SeededGenerator(seed: 1)
    var seen: Set<InstallationState> = []
    var installation: Installation?
    for step in 0..<2000 {
      installation = Self.apply(Self.event(&random), to: installation, at: .after(milliseconds: Int64(step) * 200_000))
      if let state = installation?.state { seen.insert(state) }
    }
    #expect(seen == Set(InstallationState.allCases))
  }
}
