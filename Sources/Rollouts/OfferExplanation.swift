public import Domain

/// What one rollout says about one MCU of a thing, condition by condition.
public struct OfferExplanation: Sendable {
  public enum Outcome: String, Sendable, Hashable { case offered, held, current, skipped }

  /// One condition, with what it looked at.
  public struct Clause: Sendable, Hashable {
    public let check: RolloutCheck
    public let text: String
    public let value: String?
    public let holds: Bool
    public let note: String?
    /// Whether the outcome rests on it.
    public let decides: Bool
  }

  public let rules: RolloutRules
  /// What the rollout has for the MCU.
  public let firmware: Firmware?
  public let outcome: Outcome
  public let reason: OfferReason
  public let clauses: [Clause]

  /// Asks every condition of a rollout, also those behind the one that decides.
  public static func explain(_ rules: RolloutRules, _ question: OfferQuestion) -> OfferExplanation {
    guard let firmware = question.firmware(of: rules) else {
      return OfferExplanation(rules: rules, firmware: nil, outcome: .skipped, reason: .nothingToRevert, clauses: [])
    }
    var decided: RolloutCheck.Ruling?
    var clauses: [Clause] = []
    for check in RolloutCheck.allCases {
      let ruling = check.ruling(rules, firmware, question)
      let decides = decided == nil && ruling != .passes
      if decides { decided = ruling }
      clauses += check.clauses(rules, firmware, question, holds: ruling == .passes, decides: decides)
    }
    let (outcome, reason): (Outcome, OfferReason) =
      switch decided {
      case .skips(let reason): (.skipped, reason)
      case .holds(let reason): (.held, reason)
      case .current: (.current, .upToDate)
      case .passes, nil: (.offered, .offered)
      }
    return OfferExplanation(rules: rules, firmware: firmware, outcome: outcome, reason: reason, clauses: clauses)
  }
}

extension RolloutCheck {
  /// The condition as it stands in the rollout, and what it is compared with.
  fileprivate func clauses(
    _ rules: RolloutRules, _ firmware: Firmware, _ question: OfferQuestion, holds: Bool, decides: Bool
  ) -> [OfferExplanation.Clause] {
    let view = question.view
    let delivery = view.standing.delivery(of: rules.rollout.id)
    let plan = rules.rollout.plan
    func one(_ text: String, _ value: String?, note: String? = nil) -> [OfferExplanation.Clause] {
      [.init(check: self, text: text, value: value, holds: holds, note: note, decides: decides)]
    }
    switch self {
    case .state: return one("the rollout is running", rules.rollout.state.rawValue, note: rules.rollout.haltReason)
    case .target:
      if let delivery, delivery.state != .waiting { return one("it was offered it already", delivery.state.rawValue) }
      return rules.target.map { expression($0, view, decides: decides) } ?? one("every thing of the model", nil)
    case .stage: return stage(rules, delivery, view, one)
    case .requires:
      return rules.requirements[firmware.id].map { expression($0, view, decides: decides) } ?? []
    case .running: return one("it runs something older than \(firmware.version)", view.running(firmware.mcuID))
    case .history:
      let installation = view.standing.installation(of: firmware.id)
      let attempts = installation.map { $0.attempts == 0 ? "" : " (\($0.attempts) of \(plan.attempts) attempts)" } ?? ""
      return one("it has not failed on it", installation.map { $0.state.rawValue + attempts })
    case .order: return rules.goal(for: view.standing).count > 1 ? one("the MCUs before it run theirs", nil) : []
    case .consent:
      return plan.consent ? one("its owner has agreed", delivery?.consentAt?.iso8601) : []
    case .gate: return rules.gate.map { expression($0, view, decides: decides) } ?? []
    case .window:
      return plan.windows.isEmpty ? [] : one(plan.windows.joined(separator: ", "), view.now.iso8601)
    case .pace:
      let texts = [plan.rate.map { "\($0) things a minute" }, plan.concurrent.map { "\($0) downloads at the same time" }]
      let text = texts.compactMap { $0 }.joined(separator: ", ")
      return text.isEmpty ? [] : one(text, nil)
    }
  }

  private func stage(
    _ rules: RolloutRules, _ delivery: Delivery?, _ view: ThingView,
    _ one: (String, String?, String?) -> [OfferExplanation.Clause]
  ) -> [OfferExplanation.Clause] {
    guard let place = delivery?.stage ?? rules.stage(of: view) else {
      return one("it belongs to a stage", nil, "no stage holds it")
    }
    let stages = rules.rollout.stages
    let thingPlace = RolloutShare.place(of: view.standing.publicID, in: rules.rollout.publicID)
    let value =
      switch stages[place].scope {
      case .share(let share):
        "\(RolloutShare.text(share)); it is at \(percent(thingPlace))"
      case .tag(let name): "tag \(name)"
      }
    return one("stage \(place + 1) of \(stages.count) is open", value, nil)
  }

  private func percent(_ place: Int) -> String { place == 0 ? "0%" : RolloutShare.text(place) }

  private func expression(_ expression: Expression, _ view: ThingView, decides: Bool) -> [OfferExplanation.Clause] {
    expression.explain(view).clauses.map { clause in
      .init(
        check: self, text: clause.text, value: clause.value, holds: clause.isTrue, note: clause.note,
        decides: decides && clause.decides)
    }
  }
}
