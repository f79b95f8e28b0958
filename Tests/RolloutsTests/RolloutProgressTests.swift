import Domain
import Testing

@testable import Rollouts

@Suite("How a rollout moves on") struct RolloutProgressTests {
  /// Two stages, the first open and counted; the numbers are its things by state.
  private func rollout(
    _ change: (inout RolloutPlan) -> Void = { _ in }, satisfiedAt: Timestamp? = nil, approvedBy: String? = nil,
    stages: Int = 2, open: Int = 1, counted: Bool = true
  ) -> Rollout {
    var plan = RolloutPlan()
    (plan.haltAt, plan.success, plan.minSample, plan.soak) = (0.05, 0.95, 20, 600)
    change(&plan)
    let all = (0..<stages).map { place in
      RolloutStage(
        scope: .share(1_000_000 * (place + 1) / stages), openedAt: place < open ? .start : nil,
        countedAt: place < open && counted ? .start : nil, satisfiedAt: place < open ? satisfiedAt : nil,
        approvedBy: place < open ? approvedBy : nil)
    }
    return .sample(1, [.sample("2.0.0", sequence: 2)], plan: plan, stages: all)
  }

  private func counts(_ counts: [DeliveryState: Int], stage: Int = 0) -> [RolloutCount] {
    counts.map { RolloutCount(stage: stage, state: $0.key, reason: "", count: $0.value) }
  }

  private func next(
    _ rollout: Rollout, _ states: [DeliveryState: Int], after seconds: Int64 = 0
  ) -> RolloutProgress.Step? {
    RolloutProgress.next(rollout, counts(states), at: Timestamp.start.adding(seconds: seconds))
  }

  private func isHalt(_ step: RolloutProgress.Step?) -> Bool { if case .halt = step { true } else { false } }

  @Test(arguments: RolloutState.allCases)
  func `only a running one does anything, and the first stage opens at once`(state: RolloutState) {
    var rollout = rollout(open: 0)
    rollout.state = state
    #expect(next(rollout, [:]) == (state == .running ? .open(stage: 0) : nil))
  }

  @Test(arguments: [
    (19, 1, true), (18, 2, false), (20, 0, true), (19, 0, false), (95, 5, true), (94, 6, false), (189, 11, false),
    (190, 10, true),
  ])
  func `a stage is good from the very share that is asked for`(confirmed: Int, failed: Int, isGood: Bool) {
    let rollout = rollout { $0.haltAt = nil }
    let step = next(rollout, [.confirmed: confirmed, .failed: failed, .offered: 1000])
    #expect(step == (isGood ? .satisfied(stage: 0, true) : nil))
  }

  @Test(arguments: [
    (19, 1, false), (18, 2, true), (95, 5, false), (94, 6, true), (18, 1, false), (0, 19, false), (0, 20, true),
  ])
  func `a halt takes more than the very share that may fail, of a sample`(confirmed: Int, failed: Int, halts: Bool) {
    #expect(isHalt(next(rollout(), [.confirmed: confirmed, .failed: failed, .offered: 1000])) == halts)
  }

  @Test func `what is claimed succeeds like what is confirmed`() {
    #expect(next(rollout { $0.haltAt = nil }, [.claimed: 10, .confirmed: 9, .failed: 1]) == .satisfied(stage: 0, true))
    #expect(next(rollout { $0.haltAt = nil }, [.claimed: 18, .failed: 2]) == nil)
    #expect(!isHalt(next(rollout(), [.claimed: 19, .failed: 1])))
  }

  @Test(arguments: [DeliveryState.failed, .rejected, .rolledBack, .silent])
  func `every way of failing halts, and says how many`(state: DeliveryState) {
    let step = next(rollout(), [.confirmed: 18, state: 2, .waiting: 100])
    #expect(step == .halt("2 of 20 things of stage 1 failed, more than 5%"))
  }

  @Test(arguments: [(1, 20), (5, 20), (1, 1), (20, 20), (20, 1000)])
  func `a sample is never more than the stage has, and at least one`(things: Int, minSample: Int) {
    let rollout = rollout { ($0.minSample, $0.haltAt) = (minSample, 0.5) }
    #expect(next(rollout, [.confirmed: things]) == .satisfied(stage: 0, true))
    #expect(isHalt(next(rollout, [.failed: things])))
    #expect(next(rollout, [.confirmed: things - 1, .offered: 1]) == (things > minSample ? .satisfied(stage: 0, true) : nil))
    #expect(!isHalt(next(rollout, [.failed: things - 1, .offered: 1])))
    #expect(next(rollout, [.waiting: things]) == nil, "nobody has come to an end")
  }

  @Test func `nothing is known of a stage before its things are counted, but that it failed in a full sample`() {
    let rollout = rollout({ $0.minSample = 3 }, counted: false)
    #expect(next(rollout, [:]) == nil && next(rollout, [.confirmed: 100]) == nil)
    #expect(!isHalt(next(rollout, [.failed: 2])) && isHalt(next(rollout, [.failed: 3])))
  }

  @Test func `an empty stage passes without a soak`() {
    #expect(next(rollout(), [:]) == .satisfied(stage: 0, true))
    #expect(next(rollout(satisfiedAt: .start), [:]) == .open(stage: 1))
    #expect(next(rollout({ $0.approval = true }, satisfiedAt: .start), [:]) == nil, "but not without the go of a person")
  }

  @Test func `a stage has to be good for as long as is asked for`() {
    let rollout = rollout(satisfiedAt: .start)
    #expect(next(rollout, [.confirmed: 20], after: 599) == nil)
    #expect(next(rollout, [.confirmed: 20], after: 600) == .open(stage: 1))
    let lenient = self.rollout({ $0.haltAt = nil }, satisfiedAt: .start)
    #expect(next(lenient, [.confirmed: 20, .failed: 2], after: 700) == .satisfied(stage: 0, false))
  }

  @Test func `the go of a person is waited for where it is asked for`() {
    let waits = rollout({ $0.approval = true }, satisfiedAt: .start)
    #expect(next(waits, [.confirmed: 20], after: 10_000) == nil)
    let approved = rollout({ $0.approval = true }, satisfiedAt: .start, approvedBy: "ann")
    #expect(next(approved, [.confirmed: 20], after: 599) == nil)
    #expect(next(approved, [.confirmed: 20], after: 600) == .open(stage: 1))
    #expect(RolloutProgress.state(of: 0, waits) == .awaitingApproval && RolloutProgress.state(of: 0, approved) == .soaking)
    #expect(RolloutProgress.state(of: 1, approved) == .pending && RolloutProgress.state(of: 0, rollout()) == .open)
    #expect(RolloutProgress.state(of: 0, rollout(open: 2)) == .passed)
  }

  @Test func `failures of all stages together halt, where none of a stage does`() {
    let rollout = rollout({ ($0.minSample, $0.haltAt) = (20, 0.1) }, open: 2)
    func both(_ first: [DeliveryState: Int], _ second: [DeliveryState: Int]) -> String? {
      RolloutProgress.haltReason(rollout, counts(first) + counts(second, stage: 1), at: .start)
    }
    #expect(both([.confirmed: 8, .failed: 2, .offered: 50], [.confirmed: 9, .failed: 0, .offered: 9]) == nil)
    #expect(
      both([.confirmed: 8, .failed: 2, .offered: 50], [.confirmed: 9, .failed: 1, .offered: 50])
        == "3 of 20 things failed, more than 10%")
    #expect(both([.confirmed: 100], [.confirmed: 17, .failed: 3])?.contains("stage 2") == true)
  }

  @Test func `whoever resumes pardons what is known, and only new failures count`() {
    let rollout = rollout { ($0.minSample, $0.haltAt) = (4, 0.25) }
    func step(_ pardoned: Int, _ now: [DeliveryState: Int]) -> RolloutProgress.Step? {
      let known = RolloutCount(stage: 0, state: .failed, reason: "E1", isPardoned: true, count: pardoned)
      return RolloutProgress.next(rollout, [known] + counts(now), at: .start)
    }
    #expect(isHalt(next(rollout, [.confirmed: 2, .failed: 2, .offered: 20])))
    #expect(step(2, [.confirmed: 2, .offered: 20]) == nil)
    #expect(!isHalt(step(2, [.confirmed: 3, .failed: 1, .offered: 16])), "1 of 4 ends")
    #expect(isHalt(step(2, [.confirmed: 2, .failed: 2, .offered: 16])), "2 of 4 ends")
    // A stage of which nothing but pardoned failures is known has taught nothing, and opens no other.
    #expect(step(5, [:]) == nil)
  }

  @Test func `whoever has not come for long is waited for no more`() {
    func step(after seconds: Int64, _ states: [DeliveryState: Int]) -> RolloutProgress.Step? {
      let rollout = rollout { ($0.minSample, $0.haltAt, $0.silence) = (20, 0.05, 7200) }
      let dead = RolloutCount(stage: 0, state: .waiting, reason: DeliveryProgress.notSeen, count: 1)
      return RolloutProgress.next(rollout, [dead] + counts(states), at: Timestamp.start.adding(seconds: seconds))
    }
    #expect(step(after: 7199, [.failed: 14]) == nil)
    #expect(isHalt(step(after: 7200, [.failed: 14])))
    #expect(step(after: 7199, [.confirmed: 14]) == nil)
    #expect(step(after: 7200, [.confirmed: 14]) == .satisfied(stage: 0, true))
  }

  @Test func `it has finished when every thing of every stage has come to an end`() {
    let last = rollout({ $0.haltAt = nil }, open: 2)
    for state in DeliveryState.allCases {
      let isEnd = [.confirmed, .claimed, .failed, .rejected, .rolledBack, .silent].contains(state)
      let done = counts([.confirmed: 98])
      for stage in 0...1 {
        let step = RolloutProgress.next(last, done + counts([state: 1], stage: stage), at: .start)
        #expect(step == (isEnd ? .finish : nil), "\(state)")
      }
    }
    #expect(RolloutProgress.next(last, [], at: .start) == .finish)
    #expect(RolloutProgress.next(rollout(open: 2, counted: false), [], at: .start) == nil)
    let fetching = rollout({ $0.downloadOnly = true }, open: 2)
    #expect(RolloutProgress.next(fetching, counts([.downloaded: 5]), at: .start) == .finish)
    #expect(RolloutProgress.next(fetching, counts([.downloading: 5]), at: .start) == nil)
  }

  @Test func `a finished one halts too, and one that may fail never does`() {
    var finished = rollout(open: 2)
    finished.state = .finished
    #expect(RolloutProgress.haltReason(finished, counts([.failed: 20]), at: .start) != nil)
    finished.state = .paused
    #expect(RolloutProgress.haltReason(finished, counts([.failed: 20]), at: .start) == nil)
    #expect(RolloutProgress.haltReason(rollout { $0.haltAt = nil }, counts([.failed: 100]), at: .start) == nil)
    #expect(RolloutProgress.haltReason(rollout { ($0.haltAt, $0.minSample) = (0, 1) }, counts([.failed: 1]), at: .start) != nil)
  }
}
