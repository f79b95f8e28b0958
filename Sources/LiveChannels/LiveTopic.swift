/// What can be listened to. Numbers are row ids and never leave the service.
public enum LiveTopic: Hashable, Sendable {
  /// All values that one thing writes, or that are written for it.
  case thing(Int64)
  /// One resource, over all things that a user sees.
  case resource(userID: Int64, key: String)
  /// The objects of a user's collection.
  case collection(userID: Int64, name: String)
  /// What happens to a rollout, by its public id. What is published is a whole server-sent event.
  case rollout(String)
}

/// On whose credentials a subscription rests: when these end, it ends.
public enum LiveOwner: Hashable, Sendable {
  case thing(Int64)
  /// The SHA-256 of a session token.
  case session([UInt8])
  /// The SHA-256 of an operator's token.
  case operatorToken([UInt8])

  /// What the last message of its subscriptions says.
  public var ending: String {
    switch self {
    case .thing, .operatorToken: "the token has ended"
    case .session: "the session has ended"
    }
  }
}
