/// Who listens to what, in this process.
public final class LiveChannels: Sendable {
  public init() {}

  /// Whether anybody listens to the topic: where not, nothing needs to be made for it.
  public func hasSubscribers(to topic: LiveTopic) -> Bool { false }

  /// The users who listen to a resource of that name.
  public func users(listeningTo key: String) -> [Int64] { [] }

  /// Hands messages on, each a JSON text, in this order and after all that were handed in before. Never waits for a subscriber.
  public func publish(_ messages: [(topic: LiveTopic, json: [UInt8])]) {}

  /// Ends the subscriptions that rest on these credentials, with a last message that says why.
  public func end(_ owner: LiveOwner, message: String) {}
}
