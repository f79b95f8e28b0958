import Catalog
public import Domain

/// What operators do to a thing.
extension FirmwareService {
  /// Seconds that a rotated token goes on working where nothing is said.
  public static let defaultOverlap: Int64 = 86_400

  /// Gives a thing a new token; the old one works for the overlap.
  public func rotateToken(
    of publicID: String, overlap: Int64?, by actor: String
  ) async throws -> (token: ThingToken, previousExpiresAt: Timestamp) {
    let now = clock()
    let thing = try await thing(publicID)
    try Self.checkNotRetired(thing)
    let overlap = overlap ?? Self.defaultOverlap
    guard (0...31_536_000).contains(overlap) else {
      throw ServiceError(.malformed, "overlap: 0 seconds to 1 year is needed")
    }
    let (token, stored) = newToken()
    let until = now.adding(seconds: overlap)
    let audit = AuditEntry(
      at: now, actor: actor, action: "thing.rotateToken", subject: publicID, details: ["overlap": String(overlap)])
    try await translatingErrors {
      try await fleet.flush()
      try await catalog.rotateToken(of: thing.id, to: stored, previousUntil: until, at: now, audit: audit)
    }
    fleet.forget(thing.id)
    return (token, until)
  }

  /// Ends a thing's tokens, so that its code activates it again: for a thing whose flash was erased.
  /// - Returns: the activation code.
  public func resetThing(_ publicID: String, by actor: String) async throws -> String {
    let now = clock()
    let thing = try await thing(publicID)
    try Self.checkNotRetired(thing)
    let spare = sealed(ActivationCodes.generate())
    let audit = AuditEntry(at: now, actor: actor, action: "thing.reset", subject: publicID)
    fleet.forget(thing.id)
    let code = try await translatingErrors {
      try await catalog.resetThing(thing.id, spare: spare, modelID: thing.modelID, at: now, audit: audit)
    }
    // Once more: a request that came in between may have brought the ended token back into memory.
    fleet.forget(thing.id)
    return try open(code)
  }

  /// Ends a thing for good.
  public func retireThing(_ publicID: String, by actor: String) async throws {
    let now = clock()
    let thing = try await thing(publicID)
    let audit = AuditEntry(at: now, actor: actor, action: "thing.retire", subject: publicID)
    fleet.forget(thing.id)
    try await translatingErrors { try await catalog.retireThing(thing.id, at: now, audit: audit) }
    fleet.forget(thing.id)
  }

  /// Offers again what failed, was rejected or was rolled back on a thing.
  /// - Parameter mcuName: only this MCU's; all of them where nil.
  public func retryThing(_ publicID: String, mcu mcuName: String?, by actor: String) async throws {
    let now = clock()
    let thing = try await thing(publicID)
    let releases = releases.snapshot
    guard let standing = try await translatingErrors({ try await fleet.standing(of: thing.id) }) else {
      throw ServiceError(.unknownThing, "there is no thing \(publicID)")
    }
    let only = try mcuName.map { name in
      guard let mcu = releases.modelsByID[thing.modelID]?.mcu(named: name) else {
        throw ServiceError(.unknownMCU, "the thing's model has no MCU \(name)")
      }
      return mcu.id
    }
    let ended: Set<InstallationState> = [.failed, .rejected, .rolledBack]
    let firmwares = standing.installations.filter { installation in
      ended.contains(installation.state)
        && only.map { $0 == releases.firmwaresByID[installation.firmwareID]?.mcuID } ?? true
    }.map(\.firmwareID)
    let versions = firmwares.compactMap { releases.firmwaresByID[$0]?.version.text }.joined(separator: ", ")
    let audit = AuditEntry(
      at: now, actor: actor, action: "thing.retry", subject: publicID, details: ["versions": versions])
    try await settle(fleet.retry(Set(firmwares), of: thing.id, audit: audit), of: thing.id)
  }

  private static func checkNotRetired(_ thing: Thing) throws {
    guard thing.retiredAt == nil else { throw ServiceError(.retired, "the thing \(thing.publicID) is retired") }
  }
}
