public import Domain

/// A thing by its token or by its id.
public struct ThingReference: Codable, Sendable {
  public let thingToken: String?
  public let thingId: String?

  public init(thingToken: String? = nil, thingId: String? = nil) {
    self.thingToken = thingToken
    self.thingId = thingId
  }
}

/// An answer.
public struct LinkedShape: Codable, Sendable {
  public let status: String
  public let message: String
  public let thingId: String

  public init(status: String, message: String, thingId: String) {
    self.status = status
    self.message = message
    self.thingId = thingId
  }
}

/// A thing that a user owns or was shared.
public struct MyThing: Codable, Sendable {
  public let _id: String
  public let model: String
  /// Whether it is the user's own.
  public let owned: Bool

  public init(_id: String, model: String, owned: Bool) {
    self._id = _id
    self.model = model
    self.owned = owned
  }
}

/// The name of a resource, and the ids of the things that have it.
public struct MyResource: Codable, Sendable {
  public let name: String
  public let things: [String]

  public init(name: String, things: [String]) {
    self.name = name
    self.things = things
  }
}

/// The body of a write from an app.
public struct AppWrite: Codable, Sendable {
  public let values: [AppWriteValue]

  public init(values: [AppWriteValue]) {
    self.values = values
  }
}

/// One value of a write from an app. A `key` is taken and not needed: the path has it.
public struct AppWriteValue: Codable, Sendable {
  public let key: String?
  public let value: JSONValue
  /// A text or a number; now where it is missing.
  public let datetime: JSONValue?
  /// `{"lat": 41.4, "long": 2.2}`.
  public let geo: JSONValue?

  public init(key: String? = nil, value: JSONValue, datetime: JSONValue? = nil, geo: JSONValue? = nil) {
    self.key = key
    self.value = value
    self.datetime = datetime
    self.geo = geo
  }
}

/// What is granted: these resources of these things; a list that is missing stands for all.
public struct GrantRequest: Codable, Sendable {
  public let resources: [String]?
  public let things: [String]?
  /// The user to share with; without it the app is granted.
  public let email: String?

  public init(resources: [String]? = nil, things: [String]? = nil, email: String? = nil) {
    self.resources = resources
    self.things = things
    self.email = email
  }
}

/// What a user shares with another.
public struct ShareShape: Codable, Sendable {
  public let email: String
  public let things: [String]
  /// `*` for all.
  public let resources: [String]
  public let createdAt: Timestamp
  /// When the other user accepted; missing as long as they have not.
  public let confirmedAt: Timestamp?

  public init(email: String, things: [String], resources: [String], createdAt: Timestamp, confirmedAt: Timestamp?) {
    self.email = email
    self.things = things
    self.resources = resources
    self.createdAt = createdAt
    self.confirmedAt = confirmedAt
  }
}

/// The body that allows or forbids to link a thing by its id.
public struct LinkAllowance: Codable, Sendable {
  public let allow: Bool

  public init(allow: Bool) {
    self.allow = allow
  }
}

/// Until when a user may link a thing by its id; missing for not at all.
public struct LinkAllowanceShape: Codable, Sendable {
  public let id: String
  public let allowedUntil: Timestamp?

  public init(id: String, allowedUntil: Timestamp?) {
    self.id = id
    self.allowedUntil = allowedUntil
  }
}
