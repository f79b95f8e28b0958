/// What the verbs need to know of the configuration. Every limit has its default here.
public struct ServiceSettings: Sendable {
  /// Whether an app that nobody created is taken as one: nil for until an operator creates the first.
  public var openApps: Bool?
  /// How long a user stays logged in, in seconds.
  public var sessionSeconds: Int64 = 30 * 86_400
  /// The address under which mails say that the service is reached, without a slash at the end.
  public var publicURL = "http://127.0.0.1:8080"

  public init() {}
}
