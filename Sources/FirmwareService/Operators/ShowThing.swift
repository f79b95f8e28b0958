import Catalog
import Cryptography
public import Domain
import Rollouts

/// What one MCU of a thing runs, what it may have, and why.
public struct MCUReport: Sendable {
  public let mcu: MCU
  public let standing: MCUStanding?
  /// The firmware that its present state is about, and where that stands.
  public let firmware: Firmware?
  public let installation: Installation?
  /// The version that it may have now.
  public let offer: FirmwareVersion?
  /// Why: a code for programs, such as `upToDate`, and the same for people.
  public let reason: String
  public let explanation: String
}

extension MCUReport {
  init(mcu: MCU, standing: MCUStanding?, firmware: Firmware?, installation: Installation?, _ decision: OfferDecision) {
    let offer: FirmwareVersion? = if case .offer(let firmware) = decision.verdict { firmware.version } else { nil }
    self.init(
      mcu: mcu, standing: standing, firmware: firmware, installation: installation, offer: offer,
      reason: decision.reason.rawValue, explanation: decision.explanation)
  }
}

/// A thing as operators see it.
public struct ThingReport: Sendable {
  public let thing: Thing
  public let model: Model
  public let mcus: [MCUReport]
  /// The e-mail of the user who owns it.
  public let owner: String?
  public let tags: [Tag]
}

extension FirmwareService {
  /// - Parameter publicID: the thing's id, or its name at the DDI door.
  /// - Throws: `unknownThing`.
  func thing(_ publicID: String) async throws -> Thing {
    guard let thing = try await translatingErrors({ try await catalog.thing(publicID: publicID) }) else {
      throw ServiceError(.unknownThing, "there is no thing \(publicID)")
    }
    return thing
  }

  /// The id of a thing by that id, or by its name at the DDI door.
  /// - Throws: `unknownThing`.
  public func thingID(named name: String) async throws -> String { try await thing(name).publicID }

  /// A thing with what it runs, what it may have now, and why.
  public func showThing(_ publicID: String) async throws -> ThingReport {
    try await flushObservations(withTimesOf: [try await thing(publicID).id])
    let thing = try await thing(publicID)
    let releases = releases.snapshot
    guard let standing = try await translatingErrors({ try await fleet.standing(of: thing.id) }),
      let model = releases.modelsByID[thing.modelID]
    else { throw ServiceError(.unknownThing, "there is no thing \(publicID)") }
    let now = clock()
    let facts = try await facts(of: thing.id, model, releases)
    let mcus = model.mcus.map { mcu in
      let place = standing.mcu(mcu.id)
      return MCUReport(
        mcu: mcu, standing: place, firmware: place?.firmwareID.flatMap { releases.firmware($0) },
        installation: place?.firmwareID.flatMap { standing.installation(of: $0) },
        OfferDecision.decide(
          question(
            mcu, standing, model, releases, facts, isWhole: thing.controllerID != nil, at: now, isPresent: false)))
    }
    let owner = try await translatingErrors { try await catalog.ownerEmail(of: thing.id) }
    return ThingReport(thing: thing, model: model, mcus: mcus, owner: owner, tags: try await listTags(of: thing.id))
  }

  /// A thing's token in clear. The audit entry is written before it is told.
  public func readToken(of publicID: String, by actor: String) async throws -> ThingToken {
    let now = clock()
    let thing = try await thing(publicID)
    let token = try await translatingErrors { try await catalog.sealedToken(of: thing.id, at: now) }
    guard let token else { throw ServiceError(.unknownThing, "the thing \(publicID) has no token now") }
    let secret: String
    do {
      secret = String(decoding: try sealingKey.open(token.sealed, context: token.hash), as: UTF8.self)
    } catch {
      throw ServiceError(.unavailable, "the token was sealed by another store's key")
    }
    guard let clear = ThingToken(secret) else { throw ServiceError(.unavailable, "the stored token is damaged") }
    try await translatingErrors {
      try await catalog.append(AuditEntry(at: now, actor: actor, action: "thing.readToken", subject: publicID))
    }
    return clear
  }
}
