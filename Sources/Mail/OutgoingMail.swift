public import Domain

/// A mail as the service wants it sent: plain text in UTF-8.
public struct OutgoingMail: Sendable, Hashable {
  /// The same for every attempt to send it, so that a receiver knows one that comes twice: letters, digits, `.` and `-`.
  public let id: String
  public let recipient: String
  public let subject: String
  public let text: String
  /// When it was written, for its `Date`.
  public let createdAt: Timestamp

  public init(id: String, recipient: String, subject: String, text: String, createdAt: Timestamp) {
    self.id = id
    self.recipient = recipient
    self.subject = subject
    self.text = text
    self.createdAt = createdAt
  }
}
