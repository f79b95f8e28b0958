import Catalog
public import Domain
public import LiveChannels

extension FirmwareService {
  static let unseen = ServiceError(.unknownThing, "thing not found")

  /// A thing as far as a user sees this resource of it.
  /// - Parameter name: the thing's id; its token is taken too, which the official Android app puts there.
  /// - Throws: `unknownThing` for what the user does not see, the same as for what there is not.
  func seen(_ name: String, _ key: String?, by user: SessionUser) async throws -> SeenResource {
    var seen = try await translatingErrors { try await catalog.seen(name, key, by: user.userID) }
    if seen == nil, ThingToken(name) != nil {
      let publicID = try await find(.token(name)).publicID
      seen = try await translatingErrors { try await catalog.seen(publicID, key, by: user.userID) }
    }
    guard let seen else { throw Self.unseen }
    return seen
  }

  /// The things that a user owns or was shared.
  public func listThings(of user: SessionUser) async throws -> [(thing: SeenThing, model: String)] {
    try await translatingErrors { try await catalog.thingsSeen(by: user.userID) }.map { ($0, modelName($0.modelID)) }
  }

  /// The names of the resources that a user sees, each with the ids of the things that have it.
  public func listResources(of user: SessionUser) async throws -> [(name: String, things: [String])] {
    try await translatingErrors { try await catalog.resourcesSeen(by: user.userID) }
  }

  /// The newest values of a resource of one thing.
  /// - Throws: `unknownThing`, `unknownResource`.
  public func readResource(
    _ key: String, of publicID: String, in range: ValueRange, by user: SessionUser
  ) async throws -> [StoredValue] {
    let seen = try await seen(publicID, ResourceKey.granted(key), by: user)
    var range = range
    range.visibleFrom = seen.visibleFrom
    let values = try await readResource(key, of: seen.thingID, in: range)
    // Values from before a link are as if they were not there.
    if values.isEmpty, seen.visibleFrom > 0, key != ResourceKey.description {
      var all = ValueRange()
      all.visibleFrom = seen.visibleFrom
      guard try await !readResource(key, of: seen.thingID, in: all).isEmpty else {
        throw ServiceError(.unknownResource, "resource not found")
      }
    }
    return values
  }

  /// The newest values of a resource of all things that a user sees, by the thing's id.
  /// - Throws: `unknownResource` where there are none; descriptions may be none.
  public func readResource(
    _ key: String, in range: ValueRange, by user: SessionUser
  ) async throws -> [(thing: String, values: [StoredValue])] {
    var range = Self.clamped(range)
    let path = ResourceKey.settingPath(key) ?? []
    if !path.isEmpty { range.limit = 1 }
    var found = try await translatingErrors { [range] in
      try await catalog.valuesSeen(of: ResourceKey.granted(key), in: range, by: user.userID)
    }
    if !path.isEmpty {
      found = found.compactMap { thing, values in
        values.first.flatMap { Self.setting(path, key, of: $0) }.map { (thing: thing, values: [$0]) }
      }
    }
    if found.isEmpty, key != ResourceKey.description { throw ServiceError(.unknownResource, "resource not found") }
    return found
  }

  /// Writes values of one resource of a thing from an app. Only the owner may.
  /// - Throws: `unknownThing`, `notForThisUser`, `malformed`.
  public func writeResource(_ records: [ResourceRecord], of publicID: String, by user: SessionUser) async throws {
    for record in records {
      let seen = try await seen(publicID, ResourceKey.granted(record.key), by: user)
      guard seen.owns else { throw ServiceError(.notForThisUser, "the thing is shared with you for reading") }
      guard ![Self.firmwareResource, Self.linkResource].contains(record.key) else {
        throw ServiceError(.notForThisUser, "only the thing itself writes \(record.key)")
      }
    }
    let thingID = try await seen(publicID, nil, by: user).thingID
    try await writeResources(records, of: thingID, isThing: false)
  }

  /// What a user listens to: one resource of all things that they see, or will see, as long as the session lasts. Settings are
  /// one resource: who listens to one of them listens to all.
  /// - Throws: `unknownResource` for a name that none can have.
  public func subscribeResource(_ key: String, by user: SessionUser) throws -> LivePlan {
    let key = ResourceKey.granted(key)
    let magic = [ResourceKey.settings, "$geo", Self.firmwareResource, Self.linkResource]
    guard ResourceKey.isKey(key) || magic.contains(key) else {
      throw ServiceError(.unknownResource, "resource not found")
    }
    return plan([.resource(userID: user.userID, key: key)], of: user)
  }

  /// A subscription that rests on a session.
  func plan(_ topics: [LiveTopic], of user: SessionUser) -> LivePlan {
    LivePlan(
      topics: topics, owner: .session(user.sessionHash), endsAt: user.expiresAt,
      stillValid: { [catalog, clock] in
        let session = try? await catalog.session(hash: user.sessionHash, at: clock())
        return session != nil
      })
  }
}
