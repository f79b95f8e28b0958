import Domain
import TestSupport
import Testing

@testable import Rollouts

@Suite("Why a rollout has something for a thing or not") struct OfferExplanationTests {
  private static let firmwares = [
    Firmware.sample("1.0.0", sequence: 1), .sample("2.0.0", sequence: 2, requires: "tag==a or tag==b"),
    .sample("3.0.0", sequence: 3), .sample("2.0.0", sequence: 4, mcu: 2),
  ]

  private static func rollout(_ id: Int64, _ random: inout SeededGenerator) -> Rollout {
    let expressions = [nil, "tag==a", "tag==a and tag==b", "tag==a or tag==b", "tag!=a and (tag==b or tag==c)", "tag=in=(b,c)"]
    var plan = RolloutPlan()
    plan.target = expressions.randomElement(using: &random)!
    plan.gate = expressions.randomElement(using: &random)!
    plan.windows = [[], [], ["15:00-16:00"], ["16:00-17:00"]].randomElement(using: &random)!
    plan.consent = Int.random(in: 0..<5, using: &random) == 0
    plan.rate = [nil, 5].randomElement(using: &random)!
    plan.attempts = Int.random(in: 1...3, using: &random)
    plan.priority = Int.random(in: 0...1, using: &random)
    let states: [RolloutState] = [.running, .running, .running, .finished, .paused, .halted]
    let opened: Timestamp? = Int.random(in: 0..<5, using: &random) == 0 ? nil : .start
    var items = [firmwares.filter { $0.mcuID == 1 }.randomElement(using: &random)!]
    if Bool.random(using: &random) { items.insert(firmwares[3], at: Bool.random(using: &random) ? 0 : 1) }
    return .sample(
      id, items, plan: plan, state: states.randomElement(using: &random)!,
      stages: [RolloutStage(scope: .share(500_000), openedAt: .start), RolloutStage(scope: .tag("c"), openedAt: opened)])
  }

  private static func standing(_ random: inout SeededGenerator) -> ThingStanding {
    let versions = [nil, "1.0.0", "1.0.0", "2.0.0", "3.0.0", "4.0.0", "factory"]
    var running: [Int64: String] = [:]
    for mcu: Int64 in [1, 2] { running[mcu] = versions.randomElement(using: &random)! }
    let installations = firmwares.compactMap { firmware -> Installation? in
      guard Int.random(in: 0..<3, using: &random) == 0 else { return nil }
      return Installation(
        firmwareID: firmware.id, state: InstallationState.allCases.randomElement(using: &random)!, since: .start,
        attempts: Int.random(in: 0...3, using: &random))
    }
    let deliveries = (Int64(1)...3).compactMap { id -> Delivery? in
      guard Int.random(in: 0..<3, using: &random) == 0 else { return nil }
      return Delivery(
        rolloutID: id, stage: Int.random(in: 0...1, using: &random),
        state: DeliveryState.allCases.randomElement(using: &random)!, since: .start,
        consentAt: [nil, .start].randomElement(using: &random)!)
    }
    return .sample(running: running, installations, deliveries, publicID: "t\(Int.random(in: 0..<100, using: &random))")
  }

  @Test func `says the same as the decision, and marks on what the outcome rests`() {
    var random = SeededGenerator(seed: 11)
    var seen: [OfferReason: Int] = [:]
    for round in 0..<4000 {
      let rollouts = (Int64(1)...3).map { Self.rollout($0, &random) }
      let release = SampleRelease(Self.firmwares, rollouts)
      var facts = ThingFacts()
      facts.tags = ["a", "b", "c"].filter { _ in Bool.random(using: &random) }
      let pace: OfferReason? = Int.random(in: 0..<6, using: &random) == 0 ? .rateLimited : nil
      let question = release.question(Self.standing(&random), facts: facts, pace: { $0.rollout.plan.rate == nil ? nil : pace })
      let decision = OfferDecision.decide(question)
      let asked = question.candidates.filter { question.concerns($0) }.map { OfferExplanation.explain($0, question) }
      // The first that has or holds something has decided, or whose firmware runs as long as it goes on; else the first that is
      // over and whose firmware runs.
      let deciding =
        asked.first { asked in
          let isOver = asked.rules.rollout.state == .finished || asked.rules.rollout.revertOf != nil
          return asked.outcome == .offered || asked.outcome == .held || asked.outcome == .current && !isOver
        } ?? asked.first { $0.outcome == .current }
      #expect(deciding?.rules.rollout.id == decision.rules?.rollout.id, "round \(round)")
      #expect(deciding.map(\.reason) == decision.rules.map { _ in decision.reason }, "round \(round)")
      if case .offer(let firmware) = decision.verdict {
        #expect(deciding?.firmware == firmware && deciding?.outcome == .offered)
      }
      for explanation in asked {
        seen[explanation.reason, default: 0] += 1
        expectMarks(explanation, round)
      }
    }
    let unseen = Set(OfferReason.allCases).subtracting(seen.keys)
    #expect(
      unseen == [
        .nothingPublished, .notStarted, .cancelled, .nothingToRevert, .takenBack, .withdrawn, .tooManyDownloads,
      ])
  }

  /// What passes rests on nothing by itself; what does not rests on one check alone, the first whose clauses do not hold.
  private func expectMarks(_ explanation: OfferExplanation, _ round: Int) {
    let deciding = explanation.clauses.filter(\.decides)
    guard explanation.outcome != .offered else {
      #expect(deciding.isEmpty, "round \(round)")
      return
    }
    #expect(Set(deciding.map(\.check)).count == 1, "round \(round): \(explanation.reason) \(explanation.clauses)")
    #expect(deciding.allSatisfy { !$0.holds }, "round \(round)")
    let checks: [OfferReason: RolloutCheck] = [
      .halted: .state, .paused: .state, .notInTarget: .target, .stageNotOpen: .stage, .requirementNotMet: .requires,
      .upToDate: .running, .olderThanRunning: .running, .failedBefore: .history, .rejectedByThing: .history,
      .rolledBack: .history, .awaitingConfirmation: .history, .awaitingOtherMCU: .order, .consentMissing: .consent,
      .gateClosed: .gate, .outsideWindow: .window, .rateLimited: .pace,
    ]
    #expect(deciding.first?.check == checks[explanation.reason], "round \(round)")
    if ![.target, .requires, .gate].contains(deciding.first?.check) { #expect(deciding.count == 1, "round \(round)") }
  }
}
