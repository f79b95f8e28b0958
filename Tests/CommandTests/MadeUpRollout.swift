import APIContract
import Domain

/// A rollout that exists only here: two of three stages have opened.
enum MadeUpRollout {
  static func shape(
    _ state: RolloutState = .running, id: String = "r1", needs: String? = nil, confirmed: Int = 90,
    claimed: Int = 0, rate: Int64 = 1_500_000,
    haltReason: String? = nil, publication: Bool = false, revertOf: String? = nil, version: String = "1.2.0"
  ) -> RolloutShape {
    var plan = RolloutPlan()
    plan.target = "tag==beta"
    plan.windows = ["Mon-Fri 22:00-06:00 Europe/Berlin"]
    plan.rate = 100
    plan.rateDoublesEvery = 50
    let first = DeliveryCounts([.confirmed: 10])
    let second = DeliveryCounts([
      .waiting: 15, .downloading: 4, .confirmed: confirmed - 10, .claimed: claimed, .failed: 2, .rolledBack: 1,
    ])
    let none = DeliveryCounts([:])
    return RolloutShape(
      id: id, model: "lamp", state: state, publication: publication,
      firmwares: revertOf == nil ? [RolloutFirmware(id: "f1", mcu: "main", version: version)] : [], revertOf: revertOf,
      plan: RolloutPlanShape(plan, success: "95%", haltAt: "5%"),
      stages: [
        stage("1%", .passed, first),
        stage("10%", .open, second, waiting: ["pace": 3, "window": 12], failures: ["-": 1, "E7": 2]),
        stage("100%", .pending, none),
      ],
      counts: DeliveryCounts(
        Dictionary(uniqueKeysWithValues: DeliveryState.allCases.map { ($0, first[$0] + second[$0]) })),
      bytesPerSecond: rate, haltReason: haltReason, needs: needs, createdAt: Timestamp(milliseconds: 0), createdBy: "op",
      startedAt: Timestamp(milliseconds: 60_000), endedAt: nil, approvedBy: nil)
  }

  private static func stage(
    _ share: String, _ state: RolloutStageState, _ counts: DeliveryCounts, waiting: [String: Int] = [:],
    failures: [String: Int] = [:]
  ) -> RolloutStageShape {
    RolloutStageShape(
      share: share, state: state, openedAt: nil, satisfiedAt: nil, counts: counts, waiting: waiting, failures: failures)
  }
}
