public import Domain

/// The body that makes an operator's token.
public struct NewOperator: Codable, Sendable {
  /// Who it is in the audit log: up to 64 printable characters. Several tokens may bear one name.
  public let name: String
  public let role: OperatorRole
  /// Only for these; for all where it is missing.
  public let models: [String]?
  /// Seconds after which it expires; never where it is missing.
  public let expiresIn: Int?

  public init(name: String, role: OperatorRole, models: [String]? = nil, expiresIn: Int? = nil) {
    self.name = name
    self.role = role
    self.models = models
    self.expiresIn = expiresIn
  }
}

/// An operator's token as it is told once.
public struct CreatedOperator: Codable, Sendable {
  public let id: String
  public let name: String
  public let role: OperatorRole
  public let models: [String]?
  public let expiresAt: Timestamp?
  /// 43 characters of A-Z a-z 0-9 - _.
  public let token: String

  public init(id: String, name: String, role: OperatorRole, models: [String]?, expiresAt: Timestamp?, token: String) {
    self.id = id
    self.name = name
    self.role = role
    self.models = models
    self.expiresAt = expiresAt
    self.token = token
  }
}

/// An operator, by one of their tokens.
public struct OperatorShape: Codable, Sendable {
  public let id: String
  public let name: String
  public let role: OperatorRole
  /// Only for these; for all where it is missing.
  public let models: [String]?
  public let createdAt: Timestamp
  /// Never where it is missing.
  public let expiresAt: Timestamp?
  public let revokedAt: Timestamp?

  public init(
    id: String, name: String, role: OperatorRole, models: [String]?, createdAt: Timestamp, expiresAt: Timestamp?,
    revokedAt: Timestamp?
  ) {
    self.id = id
    self.name = name
    self.role = role
    self.models = models
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
  }
}

/// A page of a list.
public struct OperatorList: Codable, Sendable {
  public let operators: [OperatorShape]
  public let next: PageCursor

  public init(operators: [OperatorShape], next: PageCursor) {
    self.operators = operators
    self.next = next
  }
}
