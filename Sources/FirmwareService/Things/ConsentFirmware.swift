import Domain
import Rollouts

/// That the owner of a thing, or the thing itself, agrees to an update, or no longer does: the value of `$consent`.
struct ConsentReport {
  let allow: Bool
  /// The rollout; nil for every one that asks for it now.
  let rollout: String?

  init(allow: Bool, rollout: String?) {
    self.allow = allow
    self.rollout = rollout
  }

  init(_ value: JSONValue) throws {
    guard case .bool(let allow)? = value["allow"] else {
      throw ServiceError(.malformed, "$consent: {\"allow\": true} or {\"allow\": false} is needed, and \"rollout\" may be")
    }
    self.allow = allow
    switch value["rollout"] {
    case nil, .null: rollout = nil
    case .string(let id): rollout = id
    default: throw ServiceError(.malformed, "$consent: rollout: a text is needed")
    }
  }
}

extension FirmwareService {
  /// The magic resource by which consent is given.
  static let consentResource = "$consent"

  /// What a former owner has agreed to holds for nobody after them.
  func endConsent(of thingID: Int64) async throws {
    guard let known = try await translatingErrors({ try await fleet.standing(of: thingID) }),
      known.deliveries.contains(where: { $0.consentAt != nil && $0.state == .waiting })
    else { return }
    let commit = try fleet.expire(thingID) { standing in
      for var delivery in standing.deliveries where delivery.state == .waiting {
        delivery.consentAt = nil
        standing.set(delivery)
      }
    }
    try await settle(commit, of: thingID)
  }

  static func apply(
    _ consent: ConsentReport, to standing: inout ThingStanding, _ model: Model, _ releases: ReleaseSnapshot,
    _ facts: ThingFacts?, at now: Timestamp
  ) throws {
    let asking = Set(model.mcus.flatMap { releases.candidates($0.id) }.filter(\.rollout.plan.consent).map(\.rollout.id))
    var isKnown = consent.rollout == nil
    for id in asking.sorted() {
      guard let rules = releases.rules(id), consent.rollout.map({ $0 == rules.rollout.publicID }) ?? true else { continue }
      isKnown = true
      let view = ThingView(standing, model: model, facts: facts, at: now, isPresent: true)
      let known = standing.delivery(of: id)
      // Whoever is not in the target is not counted among those that wait for it.
      guard known != nil || rules.target?.matches(view) ?? true, let stage = known?.stage ?? rules.stage(of: view) else {
        continue
      }
      var delivery =
        known
        ?? Delivery(
          rolloutID: id, stage: stage, state: .waiting, reason: OfferReason.consentMissing.rawValue, since: now)
      delivery.consentAt = consent.allow ? delivery.consentAt ?? now : nil
      standing.set(delivery)
    }
    guard isKnown else { throw ServiceError(.malformed, "$consent: no such rollout asks for it") }
  }
}
