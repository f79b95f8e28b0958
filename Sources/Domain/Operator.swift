/// Which models an operator's token is for: all of them, those of the future too, or only those named.
public struct ModelScope: Sendable, Hashable {
  /// Nil for all.
  public let names: Set<String>?

  public static let all = ModelScope(nil)

  public init(_ names: (some Sequence<String>)?) { self.names = names.map { Set($0) } }

  public init(_ names: Set<String>?) { self.names = names }

  public func contains(_ model: String) -> Bool { names?.contains(model) ?? true }

  /// Whether everything in the other is in this one too.
  public func includes(_ other: ModelScope) -> Bool {
    guard let names else { return true }
    return other.names?.isSubset(of: names) ?? false
  }
}

/// A person or a program with an operator's token. The token itself is nowhere: only its hash is kept.
public struct Operator: Sendable, Hashable {
  /// The row's id.
  public let id: Int64
  /// Who it is in the audit log. Several tokens may bear one name.
  public let name: String
  public let role: OperatorRole
  public let scope: ModelScope
  public let createdAt: Timestamp
  /// Nil for never.
  public let expiresAt: Timestamp?
  public let revokedAt: Timestamp?

  public init(
    id: Int64, name: String, role: OperatorRole, scope: ModelScope, createdAt: Timestamp, expiresAt: Timestamp?,
    revokedAt: Timestamp?
  ) {
    self.id = id
    self.name = name
    self.role = role
    self.scope = scope
    self.createdAt = createdAt
    self.expiresAt = expiresAt
    self.revokedAt = revokedAt
  }

  /// The models by name; nil for all.
  public var models: [String]? { scope.names?.sorted() }
}
