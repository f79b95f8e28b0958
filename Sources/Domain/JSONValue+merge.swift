extension JSONValue {
  /// The value after a JSON merge patch (RFC 7396 section 2): members of objects are merged, null deletes, and everything else
  /// replaces what was there.
  public func merging(patch: JSONValue) -> JSONValue {
    var merged = self
    merged.merge(patch: patch)
    return merged
  }

  /// The same in place: what a patch does not name is not copied, so that thousands of small ones cost no more than the
  /// document and they are long.
  public mutating func merge(patch: JSONValue) {
    guard case .object(let changes) = patch else {
      self = patch
      return
    }
    var members = takeMembers()
    for (name, change) in changes {
      if change == .null { members[name] = nil } else { members[name, default: .null].merge(patch: change) }
    }
    self = .object(members)
  }

  /// The members of an object, of which this keeps none: a second reference would make them be copied at the first change.
  private mutating func takeMembers() -> [String: JSONValue] {
    guard case .object(let members) = self else { return [:] }
    self = .null
    return members
  }
}
