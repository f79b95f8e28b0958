import Catalog
import Domain
import LiveChannels

extension FirmwareService {
  /// Ends a thing's tokens, so that its code activates it again: for a thing whose flash was erased.
  /// - Returns: the activation code.
  public func resetThing(_ publicID: String, by actor: String) async throws -> String {
    let now = clock()
    let thing = try await thing(publicID)
    let spare = sealed(ActivationCodes.generate())
    let audit = AuditEntry(at: now, actor: actor, action: "thing.reset", subject: publicID)
    fleet.forget(thing.id)
    let code = try await translatingErrors {
      try await catalog.resetThing(thing.id, spare: spare, modelID: thing.modelID, at: now, audit: audit)
    }
    // Once more: a request that came in between may have brought the ended token back into memory.
    fleet.forget(thing.id)
    controllers.forget(thing: thing.id)
    live.end(.thing(thing.id))
    return try open(code)
  }
}
