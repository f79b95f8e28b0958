import Domain

@testable import Rollouts

/// What is registered and rolled out, for decisions about the things of one model.
struct SampleRelease: ReleaseLookup {
  let firmwares: [Firmware]
  let rules: [RolloutRules]
  let model: Model

  init(_ firmwares: [Firmware], _ rollouts: [Rollout]) {
    self.firmwares = firmwares
    rules = rollouts.map { rollout in
      try! RolloutRules(rollout, firmwares: firmwares.filter { rollout.items.map(\.firmwareID).contains($0.id) })
    }
    model = Model(
      id: 1, name: "lamp", numericVersions: false, confirmWithin: 900, createdAt: .start,
      mcus: Set(firmwares.map(\.mcuID) + [1]).sorted().map { MCU(id: $0, name: $0 == 1 ? "main" : "mcu\($0)") })
  }

  func firmware(_ id: Int64) -> Firmware? { firmwares.first { $0.id == id } }
  func firmware(mcuID: Int64, version: String) -> Firmware? {
    firmwares.first { $0.mcuID == mcuID && $0.version.text == version }
  }
  func rules(_ rolloutID: Int64) -> RolloutRules? { rules.first { $0.rollout.id == rolloutID } }

  /// The question that a poll asks, with the newest firmware first.
  func question(
    _ standing: ThingStanding, mcu: Int64 = 1, facts: ThingFacts? = nil, at now: Timestamp = .start,
    pace: @escaping (RolloutRules) -> OfferReason? = { _ in nil }
  ) -> OfferQuestion {
    OfferQuestion(
      ThingView(standing, model: model, facts: facts, at: now, isPresent: true), mcu: model.mcus.first { $0.id == mcu }!,
      candidates: rules.sorted {
        ($0.rollout.plan.priority, $0.firmwares.values.map(\.sequence).max() ?? 0, $0.rollout.id)
          > ($1.rollout.plan.priority, $1.firmwares.values.map(\.sequence).max() ?? 0, $1.rollout.id)
      }, releases: self, pace: pace)
  }
}

extension Rollout {
  static func sample(
    _ id: Int64, _ firmwares: [Firmware], plan: RolloutPlan = RolloutPlan(), state: RolloutState = .running,
    stages: [RolloutStage] = [RolloutStage(scope: .share(1_000_000), openedAt: .start)], revertOf: Int64? = nil
  ) -> Rollout {
    Rollout(
      id: id, publicID: "r\(id)", modelID: 1, plan: plan,
      items: firmwares.map { RolloutItem(mcuID: $0.mcuID, firmwareID: $0.id) }, revertOf: revertOf, isPublication: false,
      createdAt: .start, createdBy: "o", state: state, stages: stages)
  }

  /// With one stage that is open, and a plan that a test gives.
  static func sample(_ id: Int64, _ firmwares: [Firmware], _ change: (inout RolloutPlan) -> Void) -> Rollout {
    var plan = RolloutPlan()
    change(&plan)
    return sample(id, firmwares, plan: plan)
  }

  static func publication(of firmware: Firmware) -> Rollout { sample(firmware.id, [firmware], plan: .publication) }
}

extension ThingStanding {
  static func sample(
    running: [Int64: String] = [:], _ installations: [Installation] = [], _ deliveries: [Delivery] = [],
    publicID: String = "t1"
  ) -> ThingStanding {
    ThingStanding(
      thingID: 1, publicID: publicID, modelID: 1,
      mcus: running.sorted { $0.key < $1.key }.map { MCUStanding(mcuID: $0.key, running: $0.value) },
      installations: installations, deliveries: deliveries)
  }
}

extension ThingFacts {
  static func tagged(_ tags: String...) -> ThingFacts {
    var facts = ThingFacts()
    facts.tags = tags
    return facts
  }
}
