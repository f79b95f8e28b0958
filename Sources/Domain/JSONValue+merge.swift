extension JSONValue {
  /// The value after a JSON merge patch (RFC 7396 section 2): members of objects are merged, null deletes, and everything else
  /// replaces what was there.
  public func merging(patch: JSONValue) -> JSONValue {
    guard case .object(let changes) = patch else { return patch }
    var members: [String: JSONValue] = [:]
    if case .object(let known) = self { members = known }
    for (name, change) in changes {
      members[name] = change == .null ? nil : (members[name] ?? .null).merging(patch: change)
    }
    return .object(members)
  }
}
