public import Domain

extension FirmwareService {
  /// Takes what a poll of a thing needs into memory, if that has it not.
  /// - Returns: false for a token that is unknown or has ended.
  public func recollectThing(_ token: ThingToken) async throws -> Bool {
    try await translatingErrors {
      guard let thingID = try await fleet.identify(token, at: clock()) else { return false }
      return try await recollect(thingID)
    }
  }

  /// - Returns: false where there is no such thing any more.
  func recollect(_ thingID: Int64) async throws -> Bool {
    let releases = releases.snapshot
    guard let standing = try await fleet.standing(of: thingID), let model = releases.modelsByID[standing.modelID] else {
      return false
    }
    _ = try await facts(of: thingID, model, releases)
    return true
  }
}
