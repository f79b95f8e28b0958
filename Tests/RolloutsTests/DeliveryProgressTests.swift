import Domain
import Testing

@testable import Rollouts

@Suite("A rollout on one thing") struct DeliveryProgressTests {
  private let one = Firmware.sample("1.0.0", sequence: 1)
  private let two = Firmware.sample("2.0.0", sequence: 2)
  private let radio = Firmware.sample("2.0.0", sequence: 3, mcu: 2)
  private static let later = Timestamp.after(milliseconds: 60_000)

  private func release(_ items: [Firmware]? = nil, _ change: (inout RolloutPlan) -> Void = { _ in }) -> SampleRelease {
    SampleRelease([one, two, radio], [.sample(1, items ?? [two], change)])
  }

  private func installation(_ state: InstallationState, of firmware: Firmware? = nil, by rollout: Int64 = 1) -> Installation {
    Installation(firmwareID: (firmware ?? two).id, rolloutID: rollout, state: state, since: .start, code: "E7")
  }

  private func delivery(_ state: DeliveryState) -> Delivery {
    Delivery(rolloutID: 1, stage: 0, state: state, since: .start)
  }

  private func followed(
    _ state: DeliveryState, running: [Int64: String] = [1: "1.0.0"], _ installations: [Installation],
    _ release: SampleRelease? = nil
  ) -> Delivery? {
    var standing = ThingStanding.sample(running: running, installations, [delivery(state)])
    DeliveryProgress.follow(&standing, release ?? self.release(), at: Self.later)
    return standing.delivery(of: 1)
  }

  @Test(arguments: DeliveryState.allCases, InstallationState.allCases)
  func `follows what becomes of its firmware`(from state: DeliveryState, installed: InstallationState) {
    let next = followed(state, [installation(installed)])
    let isFailure = [.failed, .rejected, .rolledBack].contains(installed)
    let expected: DeliveryState
    switch (state, installed) {
    case (_, .failed): expected = .failed
    case (_, .rejected): expected = .rejected
    case (_, .rolledBack): expected = .rolledBack
    // A failure stays one until the thing runs the firmware; so does a confirmation until it falls back.
    case (.failed, _), (.rejected, _), (.rolledBack, _), (.confirmed, _), (.claimed, _), (_, .confirmed), (_, .claimed):
      expected = state
    case (.waiting, .offered), (.waiting, .downloading): expected = .waiting
    case (_, .offered): expected = .offered
    case (_, .downloading): expected = .downloading
    case (_, .downloaded): expected = .downloaded
    case (_, .installing): expected = .installing
    case (_, .installed): expected = .installed
    }
    #expect(next?.state == expected)
    #expect(next?.reason == (isFailure ? "E7" : ""))
    #expect(next?.since == (state == expected ? .start : Self.later))
  }

  @Test(arguments: DeliveryState.allCases)
  func `is confirmed by what the thing runs alone`(state: DeliveryState) {
    #expect(followed(state, running: [1: "2.0.0"], [installation(.confirmed)])?.state == .confirmed)
    #expect(followed(state, running: [1: "2.0.0"], [installation(.failed)])?.state == .confirmed)
    // One that came to it by another way was never part of it.
    let stranger = followed(state, running: [1: "2.0.0"], [installation(.confirmed, by: 9)])
    #expect(stranger?.state == (state == .waiting ? nil : .confirmed))
  }

  @Test(arguments: DeliveryState.allCases)
  func `is claimed where the thing gave its word for one of the firmwares, whoever had offered that`(state: DeliveryState) {
    #expect(followed(state, running: [1: "2.0.0"], [installation(.claimed)])?.state == .claimed)
    let stranger = followed(state, running: [1: "2.0.0"], [installation(.claimed, by: 9)])
    #expect(stranger?.state == (state == .waiting ? nil : .claimed))
    let set = release([radio, two])
    func both(_ radioState: InstallationState, _ state: InstallationState) -> DeliveryState? {
      let running: [Int64: String] = [1: "2.0.0", 2: "2.0.0"]
      return followed(.offered, running: running, [installation(radioState, of: radio), installation(state)], set)?.state
    }
    #expect(both(.claimed, .confirmed) == .claimed && both(.confirmed, .claimed) == .claimed)
    #expect(both(.confirmed, .confirmed) == .confirmed)
    // The rest was overtaken.
    let overtaken = followed(.offered, running: [1: "3.0.0", 2: "2.0.0"], [installation(.claimed, of: radio)], set)
    #expect(overtaken?.state == .claimed)
  }

  @Test func `does not follow what another rollout does with the same firmware`() {
    #expect(followed(.offered, [installation(.failed, by: 9)])?.state == .offered)
  }

  @Test(arguments: DeliveryState.allCases)
  func `is left by a thing that runs something newer, unless it has come to its end`(state: DeliveryState) {
    let next = followed(state, running: [1: "3.0.0"], [installation(.offered)])
    #expect((next == nil) == ![.confirmed, .claimed, .failed, .rejected, .rolledBack, .silent].contains(state))
    if let next, state != .silent { #expect(next.state == state) }
  }

  @Test func `that reverts another one is left for what that one did not bring`() {
    let release = SampleRelease([one, two], [.sample(1, [two]), .sample(2, [], revertOf: 1)])
    func followed(running: String) -> Delivery? {
      let deliveries = [
        Delivery(
          rolloutID: 1, stage: 0, state: .confirmed, since: .start, previous: [RolloutItem(mcuID: 1, firmwareID: one.id)]),
        Delivery(rolloutID: 2, stage: 0, state: .offered, since: .start),
      ]
      var standing = ThingStanding.sample(running: [1: running], [installation(.confirmed)], deliveries)
      DeliveryProgress.follow(&standing, release, at: Self.later)
      return standing.delivery(of: 2)
    }
    #expect(followed(running: "2.0.0")?.state == .offered)
    #expect(followed(running: "1.0.0")?.state == .confirmed)
    #expect(followed(running: "3.0.0") == nil)
  }

  @Test func `falls back after its confirmation or its claim, and a claim is confirmed or fails`() {
    #expect(followed(.claimed, running: [1: "1.0.0"], [installation(.rolledBack)])?.state == .rolledBack)
    #expect(followed(.claimed, running: [1: "2.0.0"], [installation(.confirmed)])?.state == .confirmed)
    #expect(followed(.claimed, running: [:], [installation(.failed)])?.state == .failed)
    #expect(followed(.confirmed, running: [1: "1.0.0"], [installation(.rolledBack)])?.state == .rolledBack)
    #expect(followed(.confirmed, running: [1: "1.0.0"], [installation(.confirmed)])?.state == .confirmed)
  }

  // MARK: Sets of MCUs

  @Test func `of several MCUs is confirmed when all run theirs, and is as far as the one that is furthest`() {
    let set = release([radio, two])
    func state(_ running: [Int64: String], _ installations: [Installation]) -> DeliveryState? {
      followed(.offered, running: running, installations, set)?.state
    }
    let mine = installation(.confirmed, of: radio)
    #expect(state([1: "1.0.0", 2: "2.0.0"], [mine]) == .offered)
    #expect(state([1: "1.0.0", 2: "2.0.0"], [mine, installation(.installing)]) == .installing)
    #expect(state([1: "1.0.0", 2: "2.0.0"], [mine, installation(.failed)]) == .failed)
    #expect(state([1: "2.0.0", 2: "2.0.0"], [mine, installation(.confirmed)]) == .confirmed)
    #expect(state([1: "2.0.0"], [installation(.confirmed)]) == .offered)
  }

  @Test func `of several MCUs goes on while one of them wants it, though another runs something newer`() {
    let set = release([radio, two])
    func state(_ running: [Int64: String], _ installations: [Installation]) -> DeliveryState? {
      followed(.offered, running: running, installations, set)?.state
    }
    #expect(state([1: "1.0.0", 2: "9.0.0"], [installation(.installing)]) == .installing)
    #expect(state([1: "1.0.0", 2: "9.0.0"], [installation(.failed)]) == .failed)
    #expect(state([1: "2.0.0", 2: "9.0.0"], [installation(.confirmed)]) == .confirmed)
    #expect(state([1: "9.0.0", 2: "9.0.0"], [installation(.offered)]) == nil)
  }

  @Test func `of several MCUs that is held for the second one stays held`() {
    let installations = [installation(.confirmed, of: radio), installation(.downloading)]
    let next = followed(.waiting, running: [1: "1.0.0", 2: "2.0.0"], installations, release([radio, two]))
    #expect(next?.state == .waiting)
  }

  // MARK: Offers and holds

  private func poll(
    _ standing: inout ThingStanding, _ release: SampleRelease, facts: ThingFacts? = nil,
    pace: OfferReason? = nil, at now: Timestamp = later
  ) -> Bool {
    let question = release.question(standing, facts: facts, at: now, pace: { _ in pace })
    return DeliveryProgress.apply(.decide(question), question, to: &standing, at: now)
  }

  @Test(arguments: [DeliveryState?.none] + DeliveryState.allCases.map(Optional.some))
  func `an offer begins it once`(state: DeliveryState?) throws {
    var standing = ThingStanding.sample(running: [1: "1.0.0"], [], state.map { [delivery($0)] } ?? [])
    #expect(poll(&standing, release()) == (state == nil || state == .waiting))
    let next = try #require(standing.delivery(of: 1))
    let starts = [nil, .waiting, .confirmed, .claimed, .silent].contains(state)
    #expect(next.state == (starts ? .offered : state))
    #expect(next.previous == [RolloutItem(mcuID: 1, firmwareID: one.id)])
    #expect(!poll(&standing, release(), at: .after(milliseconds: 99_000)), "again is not a beginning")
    #expect(standing.delivery(of: 1) == next)
  }

  @Test func `remembers what ran when it was first offered, and nothing that is not registered`() {
    var standing = ThingStanding.sample(running: [1: "factory"])
    _ = poll(&standing, release())
    #expect(standing.delivery(of: 1)?.previous == [])
    standing.set(MCUStanding(mcuID: 1, running: "1.0.0"))
    _ = poll(&standing, release())
    #expect(standing.delivery(of: 1)?.previous == [RolloutItem(mcuID: 1, firmwareID: one.id)])
    let older = SampleRelease([one, two, Firmware.sample("1.5.0", sequence: 9)], [.sample(1, [two])])
    standing.set(MCUStanding(mcuID: 1, running: "1.5.0"))
    _ = poll(&standing, older)
    #expect(standing.delivery(of: 1)?.previous == [RolloutItem(mcuID: 1, firmwareID: one.id)])
  }

  @Test(arguments: [DeliveryState?.none] + DeliveryState.allCases.map(Optional.some))
  func `a hold makes wait whoever has not downloaded yet`(state: DeliveryState?) throws {
    let gated = release { $0.gate = "tag==idle" }
    var standing = ThingStanding.sample(running: [1: "1.0.0"], [], state.map { [delivery($0)] } ?? [])
    #expect(!poll(&standing, gated, facts: .tagged()))
    let next = try #require(standing.delivery(of: 1))
    let waits = [nil, .waiting, .offered, .downloading].contains(state)
    #expect(next.state == (waits ? .waiting : state))
    #expect(next.reason == (waits ? "gateClosed" : ""))
    // The gate opens: whoever waited begins.
    #expect(poll(&standing, gated, facts: .tagged("idle")) == waits)
  }

  @Test func `what is no hold is not counted as waiting`() {
    var standing = ThingStanding.sample(running: [1: "1.0.0"], [installation(.rejected)], [])
    #expect(!poll(&standing, release()))
    #expect(standing.deliveries == [])
    standing = .sample(running: [1: "2.0.0"])
    #expect(!poll(&standing, release()))
    #expect(standing.deliveries == [])
  }

  @Test func `is left by a thing that waits and leaves the target, but by none that was offered it`() {
    let aimed = release { ($0.target, $0.gate) = ("tag==beta", "tag==idle") }
    var standing = ThingStanding.sample(running: [1: "1.0.0"])
    _ = poll(&standing, aimed, facts: .tagged("beta"))
    #expect(standing.delivery(of: 1)?.state == .waiting)
    _ = poll(&standing, aimed, facts: .tagged())
    #expect(standing.deliveries == [])
    _ = poll(&standing, aimed, facts: .tagged("beta", "idle"))
    _ = poll(&standing, aimed, facts: .tagged("idle"))
    #expect(standing.delivery(of: 1)?.state == .offered)
  }

  @Test(arguments: DeliveryState.allCases)
  func `only who is under way can fall silent, and comes back by what it says or is offered`(state: DeliveryState) {
    let silent = DeliveryProgress.silenced(delivery(state), downloadOnly: false, at: Self.later)
    #expect((silent != nil) == [.offered, .downloading, .downloaded, .installing, .installed].contains(state))
    #expect(silent == nil || silent?.state == .silent && silent?.since == Self.later)
    #expect(followed(.silent, [installation(.installing)])?.state == .installing)
    #expect(followed(.silent, running: [1: "2.0.0"], [installation(.confirmed)])?.state == .confirmed)
  }
}
