public import Domain
public import LiveChannels

extension FirmwareService {
  /// The time by the clock that the verbs go by.
  public var now: Timestamp { clock() }

  /// What a thing listens to: everything that is written by it or for it, as long as its token lives.
  /// - Throws: `unknownThing`.
  public func subscribeThing(token text: String) async throws -> LivePlan {
    let thingID = try await identifyThing(text)
    let expiry = expiry(ofThingToken: text)
    return LivePlan(
      topics: [.thing(thingID)], owner: .thing(thingID), endsAt: expiry,
      stillValid: {
        // A rotation in between leaves the token alive, but not for as long as was seen before.
        guard let found = try? await self.identifyThing(text), found == thingID else { return false }
        return self.expiry(ofThingToken: text) == expiry
      })
  }

  private func expiry(ofThingToken text: String) -> Timestamp? { ThingToken(text).flatMap { fleet.expiry(of: $0) } }
}
