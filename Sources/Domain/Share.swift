/// A share as its owner, or the one it is offered to, sees it.
public struct ShareSummary: Sendable, Hashable {
  public let email: String
  public let ownerEmail: String
  public let app: String
  public let things: [String]
  /// `*` for all.
  public let resources: [String]
  public let createdAt: Timestamp
  public let confirmedAt: Timestamp?
  /// When the account was registered that a confirmation gives access to; nil where there is none. Not for the owner.
  public let registeredAt: Timestamp?

  public init(
    email: String, ownerEmail: String, app: String, things: [String], resources: [String], createdAt: Timestamp,
    confirmedAt: Timestamp?, registeredAt: Timestamp?
  ) {
    self.email = email
    self.ownerEmail = ownerEmail
    self.app = app
    self.things = things
    self.resources = resources
    self.createdAt = createdAt
    self.confirmedAt = confirmedAt
    self.registeredAt = registeredAt
  }
}

/// What became of a confirmation.
public enum ShareConfirmation: Sendable {
  case confirmed
  /// No share waits for this token.
  case unknown
  /// Nobody with the e-mail has an account in the app yet.
  case noAccount
}
