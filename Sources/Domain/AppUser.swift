/// An app, whose users have their accounts in it: the same e-mail in another app is another user.
public struct App: Sendable, Hashable {
  /// What an app is called that a client does not name.
  public static let defaultName = "default"

  /// The row's id; never leaves the service.
  public let id: Int64
  public let name: String
  public let createdAt: Timestamp
  /// When an operator created it; nil for an app that a client's request made.
  public let declaredAt: Timestamp?

  public init(id: Int64, name: String, createdAt: Timestamp, declaredAt: Timestamp?) {
    self.id = id
    self.name = name
    self.createdAt = createdAt
    self.declaredAt = declaredAt
  }
}

/// Somebody with an account in an app.
public struct AppUser: Sendable, Hashable {
  /// The row's id; never leaves the service.
  public let id: Int64
  public let publicID: String
  public let appID: Int64
  /// The app's name.
  public let app: String
  /// As `EmailAddress.normalized` gives it.
  public let email: String
  /// The resources and the ids of the things that the user let the app see.
  public let grantedResources: [String]
  public let grantedThings: [String]
  public let createdAt: Timestamp

  public init(
    id: Int64, publicID: String, appID: Int64, app: String, email: String, grantedResources: [String],
    grantedThings: [String], createdAt: Timestamp
  ) {
    self.id = id
    self.publicID = publicID
    self.appID = appID
    self.app = app
    self.email = email
    self.grantedResources = grantedResources
    self.grantedThings = grantedThings
    self.createdAt = createdAt
  }
}

/// A user as operators see them.
public struct ListedUser: Sendable, Hashable {
  public let user: AppUser
  /// How many sessions have not expired.
  public let sessions: Int

  public init(user: AppUser, sessions: Int) {
    self.user = user
    self.sessions = sessions
  }
}
