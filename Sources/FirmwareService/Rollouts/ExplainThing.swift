import Catalog
public import Domain
import Rollouts

/// Why one MCU of a thing is offered what it is offered, or not.
public struct MCUAccount: Sendable {
  public let mcu: MCU
  public let running: String?
  public let offer: FirmwareVersion?
  public let reason: OfferReason
  /// The public id of the rollout that decided.
  public let decidedBy: String?
  /// Every rollout that could concern it, in the order in which they are asked, then those that are asked no more.
  public let rollouts: [RolloutAccount]
}

/// What one rollout says.
public struct RolloutAccount: Sendable {
  /// One condition, with what it looked at.
  public struct Clause: Sendable {
    /// The check that it belongs to, of a closed list.
    public let check: String
    public let text: String
    public let value: String?
    public let holds: Bool
    public let note: String?
    /// Whether the outcome rests on it.
    public let decides: Bool
  }

  public let publicID: String
  public let state: RolloutState
  public let version: FirmwareVersion?
  /// `offered`, `held`, `current` or `skipped`.
  public let outcome: String
  public let reason: OfferReason
  public let clauses: [Clause]

  init(_ explanation: OfferExplanation) {
    publicID = explanation.rules.rollout.publicID
    state = explanation.rules.rollout.state
    version = explanation.firmware?.version
    outcome = explanation.outcome.rawValue
    reason = explanation.reason
    clauses = explanation.clauses.map { clause in
      Clause(
        check: clause.check.rawValue, text: clause.text, value: clause.value, holds: clause.holds, note: clause.note,
        decides: clause.decides)
    }
  }
}

/// The same for a whole thing.
public struct ThingAccount: Sendable {
  public let publicID: String
  public let model: Model
  public let at: Timestamp
  public let mcus: [MCUAccount]
}

extension FirmwareService {
  /// Rollouts that are explained at most, for each MCU.
  private static let mostExplained = 100

  /// Explains a thing to an operator.
  /// - Throws: `unknownThing`.
  public func explainThing(_ publicID: String) async throws -> ThingAccount {
    let thing = try await thing(publicID)
    try await flushObservations(withTimesOf: [thing.id])
    return try await explain(thing.id, isWhole: thing.controllerID != nil, isPresent: false)
  }

  /// The same for the thing itself.
  /// - Parameter isWhole: whether it takes the firmwares of all its MCUs at once.
  public func explain(_ thingID: Int64, isWhole: Bool = false, isPresent: Bool = true) async throws -> ThingAccount {
    let now = clock()
    guard let standing = try await translatingErrors({ try await fleet.standing(of: thingID) }),
      let model = releases.snapshot.modelsByID[standing.modelID]
    else { throw ServiceError(.unknownThing, "thing not found") }
    let releases = releases.snapshot
    // Rollouts that are not asked now may ask for other facts.
    let ended =
      isPresent
      ? []
      : releases.rollouts.filter { $0.modelID == model.id && !$0.state.isOpen && !$0.state.isUnderWay }
        .suffix(Self.mostExplained).compactMap { releases.rules($0.id) }
    var needs = releases.needs(ofModel: model.id)
    for rules in ended { needs.formUnion(rules.needs) }
    let facts = needs.isEmpty ? nil : try await translatingErrors { try await catalog.facts(of: thingID, needs) }
    let mcus = model.mcus.map { mcu in
      let question = question(mcu, standing, model, releases, facts, isWhole: isWhole, at: now, isPresent: isPresent)
      let decision = OfferDecision.decide(question)
      let offer: FirmwareVersion? = if case .offer(let firmware) = decision.verdict { firmware.version } else { nil }
      let others = ended.reversed().filter { rules in rules.rollout.items.contains { $0.mcuID == mcu.id } }
      let asked = question.candidates.filter { $0.rollout.revertOf == nil || question.concerns($0) }
      return MCUAccount(
        mcu: mcu, running: standing.mcu(mcu.id)?.running, offer: offer, reason: decision.reason,
        decidedBy: decision.rules?.rollout.publicID,
        rollouts: (asked + others).prefix(Self.mostExplained).map { RolloutAccount(OfferExplanation.explain($0, question)) })
    }
    return ThingAccount(publicID: standing.publicID, model: model, at: now, mcus: mcus)
  }
}
