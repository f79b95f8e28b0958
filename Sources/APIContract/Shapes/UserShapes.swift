public import Domain

/// The body of a registration and of a login (wire page, section 4.1).
public struct Credentials: Codable, Sendable {
  public let email: String
  public let password: String
  /// The app's name; a number is taken as its text. `default` where it is missing.
  public let app: JSONValue?

  public init(email: String, password: String, app: String? = nil) {
    self.email = email
    self.password = password
    self.app = app.map(JSONValue.string)
  }
}

/// A user's change of their password (wire page, section 4.1).
public struct PasswordChange: Codable, Sendable {
  public let currentPassword: String
  public let password: String
  /// The new password once more.
  public let confirmationPassword: String?

  public init(currentPassword: String, password: String, confirmationPassword: String? = nil) {
    self.currentPassword = currentPassword
    self.password = password
    self.confirmationPassword = confirmationPassword
  }
}

/// The answer to a registration and to a login.
public struct SessionShape: Codable, Sendable {
  public let status: String
  public let message: String
  /// The session's token: goes bare into `Authorization`.
  public let token: String
  public let roles: RolesShape

  public init(status: String, message: String, token: String, roles: RolesShape) {
    self.status = status
    self.message = message
    self.token = token
    self.roles = roles
  }
}

/// What a user let the app see.
public struct RolesShape: Codable, Sendable {
  public let resources: [String]
  public let things: [String]

  public init(resources: [String], things: [String]) {
    self.resources = resources
    self.things = things
  }
}

/// An answer that says that it is done.
public struct DoneShape: Codable, Sendable {
  public let status: String
  public let message: String?

  public init(status: String, message: String? = nil) {
    self.status = status
    self.message = message
  }
}

/// An app that an operator creates.
public struct NewApp: Codable, Sendable {
  public let name: String

  public init(name: String) { self.name = name }
}

/// An app.
public struct AppShape: Codable, Sendable {
  public let name: String
  public let createdAt: Timestamp
  /// When an operator created it; missing for one that a client's request made.
  public let declaredAt: Timestamp?

  public init(name: String, createdAt: Timestamp, declaredAt: Timestamp?) {
    self.name = name
    self.createdAt = createdAt
    self.declaredAt = declaredAt
  }
}

/// A page of a list.
public struct AppList: Codable, Sendable {
  public let apps: [AppShape]
  public let next: PageCursor

  public init(apps: [AppShape], next: PageCursor) {
    self.apps = apps
    self.next = next
  }
}

/// A user of an app, as operators see them.
public struct UserShape: Codable, Sendable {
  public let id: String
  public let app: String
  public let email: String
  public let createdAt: Timestamp
  /// How many sessions have not expired.
  public let sessions: Int

  public init(id: String, app: String, email: String, createdAt: Timestamp, sessions: Int) {
    self.id = id
    self.app = app
    self.email = email
    self.createdAt = createdAt
    self.sessions = sessions
  }
}

/// A page of a list.
public struct UserList: Codable, Sendable {
  public let users: [UserShape]
  public let next: PageCursor

  public init(users: [UserShape], next: PageCursor) {
    self.users = users
    self.next = next
  }
}

/// How many sessions were ended.
public struct EndedSessions: Codable, Sendable {
  public let id: String
  public let ended: Int

  public init(id: String, ended: Int) {
    self.id = id
    self.ended = ended
  }
}

/// The answer to an object that was stored.
public struct ObjectCreatedShape: Codable, Sendable {
  public let status: String
  public let _id: String

  public init(status: String, _id: String) {
    self.status = status
    self._id = _id
  }
}
