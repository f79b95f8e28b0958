import Catalog
import Domain
import LiveChannels

extension FirmwareService {
  /// Ends a thing for good.
  public func retireThing(_ publicID: String, by actor: String) async throws {
    let now = clock()
    let thing = try await thing(publicID)
    let audit = AuditEntry(at: now, actor: actor, action: "thing.retire", subject: publicID)
    fleet.forget(thing.id)
    try await translatingErrors { try await catalog.retireThing(thing.id, at: now, audit: audit) }
    fleet.forget(thing.id)
    controllers.forget(thing: thing.id)
    live.end(.thing(thing.id))
  }
}
