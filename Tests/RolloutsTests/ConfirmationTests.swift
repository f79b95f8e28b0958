import Domain
import Testing

@testable import Rollouts

@Suite("The truth after the reboot") struct ConfirmationTests {
  private static let within: Int64 = 900
  private let target = Firmware.sample("2.0.0", sequence: 2)
  private let old = Firmware.sample("1.0.0", sequence: 1)

  private func apply(
    _ running: String, boot: String? = nil, to installation: Installation, registered: Firmware? = nil, at milliseconds: Int64
  ) -> Installation? {
    Confirmation.apply(
      running: running, boot: boot, to: installation, of: target, registered: registered, confirmWithin: Self.within,
      at: .after(milliseconds: milliseconds))
  }

  private func installed(boot: String? = nil) -> Installation {
    InstallationProgress.apply(
      ProgressReport(status: .installed, boot: boot), to: nil, of: target.id, knownBoot: nil, at: .start)
  }

  @Test(arguments: InstallationState.allCases)
  func `whoever says the target version is confirmed`(state: InstallationState) {
    let before = Installation(
      firmwareID: target.id, state: state, since: .start, installedAt: .start, bootAtInstall: "a", code: "E", message: "m")
    let next = apply("2.0.0", boot: "b", to: before, at: 5000)
    if state == .confirmed {
      #expect(next == nil)
    } else {
      var expected = before
      expected.state = .confirmed
      expected.since = .after(milliseconds: 5000)
      expected.code = nil
      expected.message = nil
      #expect(next == expected)
    }
  }

  @Test(arguments: InstallationState.allCases.filter { ![.installed, .confirmed, .claimed].contains($0) })
  func `another version says nothing about what is not installed yet`(state: InstallationState) {
    let before = Installation(firmwareID: target.id, state: state, since: .start, installedAt: .start, bootAtInstall: "a")
    #expect(apply("1.0.0", boot: "b", to: before, registered: old, at: 10_000_000) == nil)
  }

  @Test func `a boot value that has changed since the install means that it fell back`() {
    let next = apply("1.0.0", boot: "b", to: installed(boot: "a"), registered: old, at: 1)
    #expect(next?.state == .rolledBack)
    #expect(next?.since == .after(milliseconds: 1))
    #expect(next?.otherVersionSaidAt == .after(milliseconds: 1))
  }

  @Test func `the same boot value means that it has not rebooted yet`() {
    let waiting = apply("1.0.0", boot: "a", to: installed(boot: "a"), registered: old, at: 1)
    #expect(waiting?.state == .installed)
    #expect(waiting?.since == .start)
    #expect(waiting?.otherVersionSaidAt == .after(milliseconds: 1))
    #expect(
      waiting.flatMap { apply("1.0.0", boot: "a", to: $0, registered: old, at: 2) } == nil, "nothing new, nothing written")
  }

  @Test func `a boot value that is learned only after the install counts from then on`() throws {
    let learned = try #require(apply("1.0.0", boot: "a", to: installed(), registered: old, at: 1))
    #expect(learned.state == .installed && learned.bootAtInstall == "a")
    #expect(apply("1.0.0", boot: "a", to: learned, registered: old, at: 2) == nil)
    #expect(apply("1.0.0", to: learned, registered: old, at: 3) == nil)
    #expect(apply("1.0.0", boot: "b", to: learned, registered: old, at: 4)?.state == .rolledBack)
  }

  @Test func `the boot value known before the install counts where the report has none`() {
    let installed = InstallationProgress.apply(
      ProgressReport(status: .installed), to: nil, of: target.id, knownBoot: "a", at: .start)
    #expect(apply("1.0.0", boot: "b", to: installed, registered: old, at: 1)?.state == .rolledBack)
  }

  @Test func `without boot values the time to confirm decides, to the millisecond`() throws {
    let before = apply("1.0.0", to: installed(), registered: old, at: 899_999)
    #expect(before?.state == .installed)
    let exactly = apply("1.0.0", to: installed(), registered: old, at: 900_000)
    #expect(exactly?.state == .rolledBack)
    #expect(exactly?.since == .after(milliseconds: 900_000))
    let waiting = try #require(before)
    #expect(apply("1.0.0", to: waiting, registered: old, at: 900_000)?.state == .rolledBack)
    #expect(waiting.otherVersionSaidAt == .after(milliseconds: 899_999))
  }

  @Test func `the target version after the time to confirm still confirms`() {
    #expect(apply("2.0.0", to: installed(), at: 100_000_000)?.state == .confirmed)
  }

  @Test func `silence expires only after another version was said, and exactly on time`() throws {
    func expire(_ installation: Installation, at milliseconds: Int64) -> Installation? {
      Confirmation.expire(installation, confirmWithin: Self.within, at: .after(milliseconds: milliseconds))
    }
    #expect(expire(installed(), at: 1_000_000_000) == nil, "it may be switched off")
    let waiting = try #require(apply("1.0.0", to: installed(), registered: old, at: 1000))
    #expect(expire(waiting, at: 899_999) == nil)
    let expired = try #require(expire(waiting, at: 900_000))
    #expect(expired.state == .rolledBack && expired.since == .after(milliseconds: 900_000))
    for state in InstallationState.allCases where state != .installed {
      var other = waiting
      other.state = state
      #expect(expire(other, at: 1_000_000_000) == nil)
    }
    var undated = waiting
    undated.installedAt = nil
    #expect(expire(undated, at: 1_000_000_000) == nil)
  }

  @Test(
    arguments: [
      ("1.0.0", nil, true), ("2.0.0-rc.1", nil, true), ("factory", nil, true), ("factory", 1, true), ("factory", 3, false),
      ("2.0.1", nil, false), ("10.0.0", 1, false), ("2.0.0+other", nil, true), ("2.0.0+other", 3, false), ("", nil, true),
    ] as [(String, Int64?, Bool)])
  func `what was confirmed or claimed falls back to what is older or unknown, and not to what is newer`(
    running: String, sequence: Int64?, fellBack: Bool
  ) {
    let registered = sequence.map { Firmware.sample(running, sequence: $0) }
    for state in [InstallationState.confirmed, .claimed] {
      let ended = Installation(firmwareID: target.id, state: state, since: .start, installedAt: .start)
      let next = apply(running, boot: "z", to: ended, registered: registered, at: 1)
      #expect(next?.state == (fellBack ? .rolledBack : nil))
    }
  }
}
