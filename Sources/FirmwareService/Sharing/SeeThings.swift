import Catalog
public import Domain
public import LiveChannels

extension FirmwareService {
  static let unseen = ServiceError(.unknownThing, "thing not found")

  /// A thing as far as a user sees this resource of it.
  /// - Throws: `unknownThing`.
  func seen(_ name: String, _ key: String?, by user: SessionUser) async throws -> SeenResource {
    try await seen(name) { try await catalog.seen($0, key, by: user.userID) }
  }

  /// What a user sees of a thing.
  /// - Parameters:
  ///   - name: the thing's id; its token is taken too, which the official Android app puts there.
  ///   - ask: asks the catalog by the id; nil for what the user does not see.
  /// - Throws: `unknownThing` for what the user does not see, the same as for what there is not.
  private func seen<Seen>(_ name: String, _ ask: (_ publicID: String) async throws -> Seen?) async throws -> Seen {
    var seen = try await translatingErrors { try await ask(name) }
    if seen == nil, ThingToken(name) != nil {
      let publicID = try await find(.token(name)).publicID
      seen = try await translatingErrors { try await ask(publicID) }
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
  /// - Throws: `unknownThing`, `unknownResource`, `tooLarge`.
  public func readResource(
    _ key: String, of name: String, in range: ValueRange, by user: SessionUser
  ) async throws -> [StoredValue] {
    let (granted, range) = Self.asked(key, range)
    let found = try await seen(name) {
      try await catalog.valuesSeen(of: granted, ofThing: $0, in: range, largest: settings.largestList, by: user.userID)
    }
    return try Self.answer(key, found.values)
  }

  /// The newest values of a resource of all things that a user sees, by the thing's id.
  /// - Throws: `unknownResource` where there are none; descriptions may be none. `tooLarge`.
  public func readResource(
    _ key: String, in range: ValueRange, by user: SessionUser
  ) async throws -> [(thing: String, values: [StoredValue])] {
    let (granted, range) = Self.asked(key, range)
    var found = try await translatingErrors {
      try await catalog.valuesSeen(of: granted, in: range, largest: settings.largestList, by: user.userID)
    }
    if let path = ResourceKey.settingPath(key), !path.isEmpty {
      found = found.compactMap { thing, values in
        values.first.flatMap { Self.setting(path, key, of: $0) }.map { (thing: thing, values: [$0]) }
      }
    }
    if found.isEmpty, key != ResourceKey.description { throw Self.unknownResource }
    return found
  }

  /// Writes values of one resource of a thing from an app. Only the owner may, which is asked before, for a clear refusal, and
  /// again when it is committed.
  /// - Throws: `unknownThing`, `notForThisUser`, `malformed`, `tooLarge`.
  public func writeResource(_ records: [ResourceRecord], of name: String, by user: SessionUser) async throws {
    for key in Set(records.map(\.key)) {
      let seen = try await seen(name, ResourceKey.granted(key), by: user)
      guard seen.owns else { throw ServiceError(.notForThisUser, "the thing is shared with you for reading") }
      guard ![Self.firmwareResource, Self.linkResource].contains(key) else {
        throw ServiceError(.notForThisUser, "only the thing itself writes \(key)")
      }
    }
    let thingID = try await seen(name, nil, by: user).thingID
    try await writeResources(records, of: thingID, by: user.userID)
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
