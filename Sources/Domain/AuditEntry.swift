/// Something that an operator did. It is written in the transaction of the deed itself, so neither is ever there alone.
public struct AuditEntry: Sendable, Hashable {
  /// 0 until it is stored.
  public let id: Int64
  public let at: Timestamp
  /// The operator's name.
  public let actor: String
  /// Such as `thing.retire`.
  public let action: String
  public let subject: String
  public let details: [String: String]
  /// What was changed, as it was; nil where there was nothing before. Never a secret.
  public var before: [String: String]?
  /// The same as it is since; nil where nothing was changed.
  public var after: [String: String]?

  public init(
    id: Int64 = 0, at: Timestamp, actor: String, action: String, subject: String, details: [String: String] = [:],
    before: [String: String]? = nil, after: [String: String]? = nil
  ) {
    self.id = id
    self.at = at
    self.actor = actor
    self.action = action
    self.subject = subject
    self.details = details
    self.before = before
    self.after = after
  }
}

/// Which entries of the audit log are asked for: those that are exactly what is named, of all of it.
public struct AuditFilter: Sendable, Hashable {
  /// What something was done to: a thing's id, a model's name.
  public let subject: String?
  /// The operator's name.
  public let actor: String?
  /// Such as `thing.retire`.
  public let action: String?

  public init(subject: String? = nil, actor: String? = nil, action: String? = nil) {
    self.subject = subject
    self.actor = actor
    self.action = action
  }
}
