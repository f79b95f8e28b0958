extension JSONValue {
  /// What a JSON merge patch makes of this value (RFC 7396): members of an object replace those of the same name, null removes
  /// one, and anything that is no object replaces the whole.
  public func merging(patch: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var members: [String: JSONValue] = [:]
    if case .object(let present) = self { members = present }
    for (name, change) in changes {
      members[name] = change == .null ? nil : (members[name] ?? .null).merging(patch: change)
    }
    return .object(members)
  }
}
