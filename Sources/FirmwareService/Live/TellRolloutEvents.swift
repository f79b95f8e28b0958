import Catalog
public import Domain
public import LiveChannels

/// What somebody who listens to a rollout needs.
public struct RolloutListening: Sendable {
  public let plan: LivePlan
  /// The number of the event that comes before the first to be told.
  public let after: Int64
}

extension FirmwareService {
  /// Tells what has happened, after the commit: stored events wake their listeners, who read them from the store, and the
  /// webhooks' delivery; the others are told as they are. Events that are told twice or in another order come once and in
  /// order.
  public func tell(_ events: [RolloutEvent]) {
    for event in events {
      let topic = LiveTopic.rollout(event.rolloutID)
      guard live.hasSubscribers(to: topic) else { continue }
      if event.kind.isStored { live.wake(topic) } else { live.publish([(topic, RolloutEventText.serverSent(event))]) }
    }
    if events.contains(where: \.kind.isStored) { wakeWebhookDelivery() }
  }

  /// What an operator listens to: a rollout, as long as what they show is good for it.
  /// - Parameter after: the number of the last event that they know; nil to hear what happens from now on.
  /// - Throws: `unknownRollout`, and as `identifyOperator(by:)`.
  public func listen(
    toRollout publicID: String, after: Int64?, by credential: OperatorCredential
  ) async throws -> RolloutListening {
    _ = try rollout(publicID)
    let listener = try identifyOperator(by: credential)
    let newest = try await translatingErrors { try await catalog.newestRolloutEvent(of: publicID) }
    let plan = LivePlan(
      topics: [.rollout(publicID)], owner: credential.owner, endsAt: try end(of: credential, of: listener),
      stillValid: { (try? self.identifyOperator(by: credential)) != nil })
    return RolloutListening(plan: plan, after: after ?? newest)
  }

  /// Events of a rollout in the order in which they happened.
  /// - Parameter after: the number of the last one that is known already; 0 for none.
  public func rolloutEvents(of publicID: String, after: Int64, limit: Int = 100) async throws -> [RolloutEvent] {
    try await translatingErrors { try await catalog.rolloutEvents(of: publicID, after: after, limit: limit) }
  }
}
