public import Cryptography

/// What the verbs need to know of the configuration. Every limit has its default here.
public struct ServiceSettings: Sendable {
  /// Whether an app that nobody created is taken as one: nil for until an operator creates the first.
  public var openApps: Bool?
  /// How long a user stays logged in, in seconds.
  public var sessionSeconds: Int64 = 30 * 86_400
  /// How long an operator stays logged in in a browser, in seconds; no longer than their token works.
  public var operatorSessionSeconds: Int64 = 12 * 3600
  /// The most sessions in browsers by one operator's token: with one more the oldest ends.
  public var mostOperatorSessions = 16
  /// The address under which mails say that the service is reached, without a slash at the end; nil for where it listens.
  public var publicURL: String?

  /// The work of a password's hash. Raising it applies to each user at their next login.
  public var passwordCost = ScryptCost.standard
  /// The fewest and the most bytes of a password.
  public var passwordBytes = 8...1024
  /// The most passwords that wait for their turn, of logins, registrations and changes; two are worked on at a time.
  public var waitingPasswords = 64
  /// The most of these, waiting or worked on, of one account.
  public var passwordsOfAccount = 2
  /// The most of these, waiting or worked on, of one address.
  public var passwordsOfAddress = 8
  /// Failed logins of one account.
  public var loginFailures = RateLimit(count: 10, seconds: 15 * 60)
  /// Logins from one address.
  public var logins = RateLimit(count: 60, seconds: 60)
  /// Attempts of operators to open a session: by one token, and from one address by what is no token.
  public var operatorLogins = RateLimit(count: 60, seconds: 60)
  /// Registrations from one address.
  public var registrations = RateLimit(count: 100, seconds: 3600)
  /// Changes of one user's password.
  public var passwordChanges = RateLimit(count: 5, seconds: 15 * 60)
  /// Mails that one user has sent to others.
  public var shares = RateLimit(count: 20, seconds: 3600)
  /// Mails that one address is sent for the sake of others, whether it is registered or not.
  public var receivedShares = RateLimit(count: 10, seconds: 86_400)
  /// The most accounts and addresses whose attempts are remembered, of each kind.
  public var countedCallers = 100_000
  /// The most sessions in memory; others are read from the store.
  public var sessionsInMemory = 100_000
  /// The most bytes of the settings of a user or of a thing, as JSON.
  public var largestSettings = 16 * 1024
  /// The most bytes of an object in a collection, as JSON.
  public var largestObject = 256 * 1024
  /// The most objects of a user, over all collections.
  public var mostObjects = 10_000
  /// The most bytes of a list of objects or of values: a longer one is asked for in parts.
  public var largestList = 16 << 20

  /// How long the numbers of things on each version are kept, in days.
  public var versionHistoryDays: Int64 = 400

  /// New things that the gateway token of one model makes.
  public var newGatewayThings = RateLimit(count: 1000, seconds: 60)
  /// The most controllers of one model that wait to be admitted.
  public var mostWaitingControllers = 10_000

  /// The things that a search reads at once.
  public var thingsSearchedAtOnce = 2000
  /// The most things that one page of a search by an expression looks at; ten times as many where there is none.
  public var mostThingsSearched = 20_000
  /// How many things a fleet has whose figures are kept for some seconds: those of smaller ones are counted each time.
  public var largeFleet = 20_000
  /// How many seconds the figures of a large fleet are kept.
  public var fleetFiguresSeconds: Int64 = 5

  /// The most webhooks.
  public var mostWebhooks = 100
  /// Whether webhooks may lead to this machine or its network.
  public var webhookPrivateAddresses = false

  public init() {}
}
