import Catalog
public import Domain

extension FirmwareService {
  /// Merges a patch (RFC 7396) into an object of the user. Its `_id` cannot change.
  /// - Throws: `malformed`, `unknownObject`, `tooLarge`.
  public func updateObject(
    _ key: String, in collection: String, with patch: JSONValue, of user: SessionUser
  ) async throws {
    let now = clock()
    let collection = try CollectionName.collection(collection, of: user)
    let key = try CollectionName.key(key)
    guard case .object(var members) = patch else { throw Self.noObject }
    if let named = try CollectionName.key(in: members), named != key {
      throw ServiceError(.malformed, "_id: cannot change")
    }
    members["_id"] = nil
    let outcome = try await translatingErrors { [members] in
      try await catalog.updateObject(
        key, in: collection, .object(members), largest: settings.largestObject, at: now,
        committed: announcing(collection))
    }
    try check(outcome)
  }
}
