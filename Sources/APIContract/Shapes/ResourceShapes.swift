public import Domain

/// An answer that says no more than that it was done.
public struct SuccessShape: Codable, Sendable {
  public let status: String

  public init(status: String) {
    self.status = status
  }
}

/// The names of a thing's resources.
public struct ResourceNames: Codable, Sendable {
  public let status: String
  public let resources: [String]

  public init(status: String, resources: [String]) {
    self.status = status
    self.resources = resources
  }
}

/// The newest values of one resource among all.
public struct AllResourceValues: Codable, Sendable {
  public let key: String
  public let values: [ResourceValueShape]

  public init(key: String, values: [ResourceValueShape]) {
    self.key = key
    self.values = values
  }
}

/// A name that somebody put on a thing.
public struct TagShape: Codable, Sendable {
  public let _id: String
  public let name: String

  public init(_id: String, name: String) {
    self._id = _id
    self.name = name
  }
}

/// An answer; `tags` where several were given.
public struct TagsAdded: Codable, Sendable {
  public let status: String
  public let message: String
  public let tag: TagShape
  public let tags: [TagShape]?

  public init(status: String, message: String, tag: TagShape, tags: [TagShape]? = nil) {
    self.status = status
    self.message = message
    self.tag = tag
    self.tags = tags
  }
}

/// The tags of a thing, by name.
public struct TagList: Codable, Sendable {
  public let status: String
  public let tags: [TagShape]

  public init(status: String, tags: [TagShape]) {
    self.status = status
    self.tags = tags
  }
}

/// The service's time: a text, or whole seconds since 1970.
public struct DateShape: Codable, Sendable {
  public let key: String
  public let value: JSONValue

  public init(key: String, value: JSONValue) {
    self.key = key
    self.value = value
  }
}
