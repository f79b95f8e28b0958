import Catalog
public import Domain
import LiveChannels

extension FirmwareService {
  /// Seconds that a rotated token goes on working where nothing is said.
  public static let defaultOverlap: Int64 = 86_400

  /// Gives a thing a new token; the old one works for the overlap.
  public func rotateToken(
    of publicID: String, overlap: Int64?, by actor: String
  ) async throws -> (token: ThingToken, previousExpiresAt: Timestamp) {
    let now = clock()
    let thing = try await thing(publicID)
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
    live.end(.thing(thing.id))
    return (token, until)
  }
}
