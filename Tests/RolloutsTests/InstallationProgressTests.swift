import Domain
import Testing

@testable import Rollouts

@Suite("The steps of an update") struct InstallationProgressTests {
  private static let later = Timestamp.after(milliseconds: 60_000)

  /// An installation with everything in it that could get lost.
  private static func installation(_ state: InstallationState) -> Installation {
    Installation(
      firmwareID: 7, state: state, since: .start, installedAt: .start, bootAtInstall: "boot 1", otherVersionSaidAt: .start,
      code: "E1", message: "before", attempts: state == .failed ? 1 : 0)
  }

  @Test(arguments: [
    (InstallationProgress.Observation.offered, InstallationState.offered), (.downloading, .downloading),
    (.downloaded, .downloaded),
  ])
  func `what is seen first begins the record`(observation: InstallationProgress.Observation, state: InstallationState) {
    let next = InstallationProgress.observe(observation, on: nil, of: 7, at: Self.later)
    #expect(next == Installation(firmwareID: 7, state: state, since: Self.later))
  }

  @Test(arguments: InstallationState.allCases)
  func `what the server sees only ever moves a state forward`(state: InstallationState) {
    let before = Self.installation(state)
    var expected: [InstallationProgress.Observation: Installation] = [:]
    var moved = before
    moved.since = Self.later
    switch state {
    case .offered:
      moved.state = .downloading
      expected[.downloading] = moved
      moved.state = .downloaded
      expected[.downloaded] = moved
    case .downloading:
      moved.state = .downloaded
      expected[.downloaded] = moved
    // It is offered anew: nothing of the former install is about this one.
    case .confirmed, .claimed: expected[.offered] = Installation(firmwareID: 7, state: .offered, since: Self.later)
    case .downloaded, .installing, .installed, .failed, .rejected, .rolledBack: break
    }
    for observation in [InstallationProgress.Observation.offered, .downloading, .downloaded] {
      let next = InstallationProgress.observe(observation, on: before, of: 7, at: Self.later)
      #expect(next == expected[observation], "\(observation) on \(state)")
    }
  }

  @Test(arguments: InstallationState.allCases, ReportedStatus.allCases)
  func `a report sets the state, but for what is over and what is held`(state: InstallationState, status: ReportedStatus) {
    let before = Self.installation(state)
    let report = ProgressReport(status: status, boot: "boot 2", code: "E2", message: "now")
    let next = InstallationProgress.apply(report, to: before, of: 7, knownBoot: "boot 0", at: Self.later)
    let isLate = [.downloading, .downloaded, .installing].contains(status)
    let isHeld = [.installed, .failed, .rejected].contains(state)
    let isBelieved = state == .claimed && status != .failed && status != .rejected
    if state == .confirmed || state == .rolledBack || isBelieved || (isHeld && isLate)
      || (state == .installed && status == .installed)
    {
      #expect(next == before)
      return
    }
    #expect(next.firmwareID == 7)
    #expect(next.state.rawValue == status.rawValue)
    #expect(next.since == (state.rawValue == status.rawValue ? .start : Self.later))
    #expect(next.code == "E2" && next.message == "now")
    if status == .installed {
      #expect(next.installedAt == Self.later)
      #expect(next.bootAtInstall == "boot 2")
      #expect(next.otherVersionSaidAt == nil)
    } else {
      #expect(next.installedAt == .start && next.bootAtInstall == "boot 1" && next.otherVersionSaidAt == .start)
    }
  }

  @Test(arguments: ReportedStatus.allCases)
  func `a report about what was never offered begins the record`(status: ReportedStatus) {
    let report = ProgressReport(status: status, code: "E2", message: "now")
    let next = InstallationProgress.apply(report, to: nil, of: 9, knownBoot: "boot 0", at: Self.later)
    var expected = Installation(
      firmwareID: 9, state: InstallationState(rawValue: status.rawValue)!, since: Self.later, code: "E2", message: "now",
      attempts: status == .failed ? 1 : 0)
    if status == .installed {
      expected.installedAt = Self.later
      expected.bootAtInstall = "boot 0"
    }
    #expect(next == expected)
  }

  @Test(arguments: InstallationState.allCases)
  func `a claim ends what was under way or has failed, and takes nothing from what is confirmed`(state: InstallationState) {
    let before = Self.installation(state)
    let next = InstallationProgress.claim(before, of: 7, at: Self.later)
    guard state != .confirmed, state != .claimed else {
      #expect(next == before)
      return
    }
    var expected = before
    (expected.state, expected.since, expected.code, expected.message) = (.claimed, Self.later, nil, nil)
    expected.installedAt = state == .installed ? .start : Self.later
    #expect(next == expected)
  }

  @Test func `a claim of what was never offered begins the record, and a failure after it counts`() {
    let claimed = InstallationProgress.claim(nil, of: 9, at: .start)
    #expect(claimed == Installation(firmwareID: 9, state: .claimed, since: .start, installedAt: .start))
    let report = ProgressReport(status: .failed, code: "E2", message: "now")
    let failed = InstallationProgress.apply(report, to: claimed, of: 9, knownBoot: nil, attempts: 3, at: Self.later)
    #expect(failed.state == .failed && failed.since == Self.later && failed.code == "E2" && failed.attempts == 1)
    #expect(InstallationProgress.claim(failed, of: 9, at: Self.later).attempts == 1)
  }

  @Test func `a repeated "installed" keeps the first moment and the first boot value`() {
    let first = ProgressReport(status: .installed, boot: "boot 1")
    let installed = InstallationProgress.apply(first, to: nil, of: 7, knownBoot: nil, at: .start)
    let again = ProgressReport(status: .installed, boot: "boot 2", code: "x", message: "y")
    #expect(InstallationProgress.apply(again, to: installed, of: 7, knownBoot: "boot 3", at: Self.later) == installed)
  }

  @Test func `a report replaces the code and message of the one before, also by none`() {
    let failed = InstallationProgress.apply(
      ProgressReport(status: .failed, code: "E1", message: "no power"), to: nil, of: 7, knownBoot: nil, at: .start)
    let retried = InstallationProgress.apply(
      ProgressReport(status: .rejected), to: failed, of: 7, knownBoot: nil, at: Self.later)
    #expect(retried == Installation(firmwareID: 7, state: .rejected, since: Self.later, attempts: 1))
  }

  @Test func `what failed is offered again while attempts are left, and a failure that is repeated counts once`() {
    var failed = Self.installation(.failed)
    var offered = failed
    (offered.state, offered.since) = (.offered, Self.later)
    #expect(InstallationProgress.observe(.offered, on: failed, of: 7, attempts: 2, at: Self.later) == offered)
    #expect(InstallationProgress.observe(.downloading, on: failed, of: 7, attempts: 2, at: Self.later) == nil)
    let report = ProgressReport(status: .failed)
    failed = InstallationProgress.apply(report, to: failed, of: 7, knownBoot: nil, attempts: 3, at: Self.later)
    #expect(failed.state == .failed && failed.attempts == 1)
    failed.attempts = 2
    #expect(InstallationProgress.observe(.offered, on: failed, of: 7, attempts: 2, at: Self.later) == nil)
  }

  @Test(arguments: [InstallationState.offered, .downloading, .downloaded, .installing, .installed])
  func `a download that fails is tried again, an install that fails is over until it is offered again`(
    state: InstallationState
  ) {
    let report = ProgressReport(status: .failed, code: "E2")
    let isDownload = state == .offered || state == .downloading
    var next = Self.installation(state)
    for attempt in 1...3 {
      next.state = state
      next = InstallationProgress.apply(report, to: next, of: 7, knownBoot: nil, attempts: 3, at: Self.later)
      #expect(next.attempts == attempt && next.code == "E2")
      #expect(next.state == (isDownload && attempt < 3 ? .offered : .failed))
    }
  }
}
