import Catalog
public import Domain

/// How a user names the thing that they link.
public enum LinkedThing: Sendable {
  /// By its token, which is proof enough.
  case token(String)
  /// By its id, which the thing or an operator must have allowed.
  case id(String)
}

extension FirmwareService {
  /// Makes a user the owner of a thing. Again is a success.
  /// - Returns: the thing's id.
  /// - Throws: `unknownThing`, also for one that has not allowed it, and `exists` where another user owns it.
  public func linkThing(_ named: LinkedThing, to user: SessionUser) async throws -> String {
    let now = clock()
    let (thingID, publicID, needsAllowance) = try await find(named)
    switch try await translatingErrors({
      defer { fleet.forgetFacts(of: thingID) }
      return try await catalog.link(thingID, to: user.userID, needsAllowance: needsAllowance, at: now)
    }) {
    case .linked: return publicID
    case .taken: throw ServiceError(.exists, "the thing is linked by another user")
    case .notAllowed: throw Self.unknownLink
    }
  }

  func find(_ named: LinkedThing) async throws -> (thingID: Int64, publicID: String, needsAllowance: Bool) {
    switch named {
    case .token(let token):
      let thingID = try await identifyThing(token)
      guard let standing = try await translatingErrors({ try await fleet.standing(of: thingID) }) else {
        throw ServiceError(.unknownThing, "thing not found")
      }
      return (thingID, standing.publicID, false)
    case .id(let publicID):
      guard let thing = try await translatingErrors({ try await catalog.thing(publicID: publicID) }),
        thing.retiredAt == nil
      else { throw Self.unknownLink }
      return (thing.id, thing.publicID, true)
    }
  }

  private static let unknownLink = ServiceError(
    .unknownThing, "thing not found, or it has not allowed to be linked by its id within the last day")

  /// Ends what a user has of a thing, at once: as its owner, or what was shared with them.
  /// - Throws: `unknownThing`.
  public func unlinkThing(_ named: LinkedThing, from user: SessionUser) async throws {
    let thingID: Int64
    switch named {
    case .token(let token): thingID = try await identifyThing(token)
    case .id(let publicID): thingID = try await seen(publicID, nil, by: user).thingID
    }
    defer { fleet.forgetFacts(of: thingID) }
    guard try await translatingErrors({ try await catalog.unlink(thingID, from: user.userID, at: clock()) }) else {
      throw Self.unseen
    }
    try await endConsent(of: thingID)
  }

  /// Lets a user link a thing by its id for a day, or takes that back.
  /// - Returns: until when.
  public func allowLink(of publicID: String, _ isAllowed: Bool, by actor: String) async throws -> Timestamp? {
    let now = clock()
    let thing = try await thing(publicID)
    let until = isAllowed ? now.adding(seconds: Self.linkAllowance) : nil
    let audit = AuditEntry(
      at: now, actor: actor, action: isAllowed ? "thing.allowLink" : "thing.forbidLink", subject: publicID)
    try await translatingErrors { try await catalog.allowLink(of: thing.id, until: until, audit: audit) }
    return until
  }

  /// Takes a thing from its owner, so that somebody else may link it. Again is a success.
  public func unlinkThing(_ publicID: String, by actor: String) async throws {
    let now = clock()
    let thing = try await thing(publicID)
    let audit = AuditEntry(at: now, actor: actor, action: "thing.unlink", subject: publicID)
    defer { fleet.forgetFacts(of: thing.id) }
    _ = try await translatingErrors { try await catalog.unlink(thing.id, at: now, audit: audit) }
    try await endConsent(of: thing.id)
  }
}
