import Domain
import Testing

@testable import Rollouts

@Suite("What a thing may have") struct OfferDecisionTests {
  private let old = Firmware.sample("1.0.0", sequence: 1)
  private let new = Firmware.sample("2.0.0", sequence: 2)

  private func decide(
    _ published: Firmware?, running: String? = nil, registered: Firmware? = nil, state: InstallationState? = nil
  ) -> OfferDecision {
    let standing = ThingStanding(
      thingID: 1, publicID: "t1", modelID: 1, mcus: [MCUStanding(mcuID: 1, running: running)],
      installations: state.map {
        [Installation(firmwareID: published?.id ?? 0, state: $0, since: .start, attempts: $0 == .failed ? 1 : 0)]
      } ?? [])
    let release = SampleRelease(
      [published, registered].compactMap { $0 }, [published].compactMap { $0.map { .publication(of: $0) } })
    return .decide(release.question(standing))
  }

  private func expect(
    _ decision: OfferDecision, _ verdict: OfferDecision.Verdict, _ reason: OfferReason,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(decision.verdict == verdict, sourceLocation: sourceLocation)
    #expect(decision.reason == reason, sourceLocation: sourceLocation)
  }

  @Test func `where nothing is published a thing is told what it runs, or nothing`() {
    expect(decide(nil), .nothing, .nothingPublished)
    expect(decide(nil, running: "0.1"), .nothing, .nothingPublished)
    let current = decide(nil, running: "1.0.0", registered: old)
    expect(current, .current(old), .nothingPublished)
  }

  @Test(arguments: [nil] + InstallationState.allCases.map(Optional.some))
  func `a thing that runs what is published is up to date, whatever happened before`(state: InstallationState?) {
    let decision = decide(new, running: "2.0.0", registered: new, state: state)
    expect(decision, .current(new), .upToDate)
  }

  @Test(
    arguments: [
      (nil, OfferReason.offered), (.offered, .offered), (.downloading, .offered), (.downloaded, .offered),
      (.installing, .offered), (.confirmed, .offered), (.claimed, .offered), (.installed, .awaitingConfirmation),
      (.failed, .failedBefore),
      (.rejected, .rejectedByThing), (.rolledBack, .rolledBack),
    ] as [(InstallationState?, OfferReason)])
  func `the state of the update on the thing decides whether it is offered`(
    state: InstallationState?, reason: OfferReason
  ) {
    let offered = reason == .offered
    let known = decide(new, running: "1.0.0", registered: old, state: state)
    expect(known, offered ? .offer(new) : .current(old), reason)
    let silent = decide(new, state: state)
    expect(silent, offered ? .offer(new) : .nothing, reason)
    let foreign = decide(new, running: "factory", state: state)
    expect(foreign, offered ? .offer(new) : .nothing, reason)
  }

  @Test(arguments: [nil] + InstallationState.allCases.map(Optional.some))
  func `nothing older than what runs is offered in any state of the update`(state: InstallationState?) {
    let running = Firmware.sample("3.0.0", sequence: 1, id: 9)
    let decision = decide(new, running: "3.0.0", registered: running, state: state)
    expect(decision, .current(running), .olderThanRunning)
    expect(decide(new, running: "3.0.0", state: state), .nothing, .olderThanRunning)
  }

  /// The published version with sequence 5, what runs, its sequence where it is registered, and whether the first is older.
  @Test(
    arguments: [
      ("1.9.0", "1.10.0", nil, true), ("1.10.0", "1.9.0", nil, false), ("2.0.0-rc.1", "2.0.0", nil, true),
      ("2.0.0", "2.0.0-rc.1", nil, false), ("v1.2.3", "1.2.4", nil, true), ("1.0.0-alpha.9", "1.0.0-alpha.10", nil, true),
      // The versions themselves outrank the sequence.
      ("1.9.0", "1.10.0", 4, true), ("1.10.0", "1.9.0", 6, false), ("2024.1", "2024.02", 4, true),
      ("2024.10", "2024.9", 6, false),
      ("1.9", "1.10", nil, true), ("1.10", "1.9", nil, false), ("17", "18", nil, true),
      ("99999999999999999999", "9", nil, false),
      // Same precedence, other text: only the sequence tells.
      ("1.2", "1.2.0.0", 6, true), ("1.2", "1.2.0.0", 4, false), ("1.2.3+a", "1.2.3+b", 6, true),
      ("1.2.3+a", "1.2.3+b", 4, false),
      ("1.2.3+a", "1.2.3+b", nil, false), ("v1.0", "1.0", 6, true),
      // No order of their own.
      ("1f5d945af", "0a55aa00f", 6, true), ("1f5d945af", "0a55aa00f", 4, false), ("1f5d945af", "0a55aa00f", nil, false),
      ("2.06-13deb12u1", "2.06-13deb12u2", 6, true), ("1.0.0", "factory", nil, false), ("1.0.0", "factory", 6, true),
      ("1.0.0", "\u{7}not a version", nil, false), ("1.0.0", "", nil, false),
    ] as [(String, String, Int64?, Bool)])
  func `older is told by SemVer, by dotted numbers, else by the sequence`(
    published: String, running: String, sequence: Int64?, isOlder: Bool
  ) {
    let candidate = Firmware.sample(published, sequence: 5)
    let registered = sequence.flatMap { number in FirmwareVersion(running).map { Firmware.sample($0.text, sequence: number) } }
    let decision = decide(candidate, running: running, registered: registered)
    #expect(decision.reason == (isOlder ? .olderThanRunning : .offered))
    if !isOlder { #expect(decision.verdict == .offer(candidate)) }
  }

  @Test func `every reason has words of its own`() {
    #expect(Set(OfferReason.allCases.map(\.explanation)).count == OfferReason.allCases.count)
  }
}
