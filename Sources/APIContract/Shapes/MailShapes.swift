public import Domain

/// A mail to a user.
public struct MailShape: Codable, Sendable {
  public let id: String
  public let to: String
  public let subject: String
  /// Absent once a mail server has the mail: it is not kept then.
  public let text: String?
  public let createdAt: Timestamp
  public let deliveredAt: Timestamp?
  /// How often it was tried.
  public let attempts: Int
  /// Absent when nothing more is to be done.
  public let nextAttemptAt: Timestamp?
  /// Why the last attempt failed.
  public let failure: String?

  public init(
    id: String, to: String, subject: String, text: String? = nil, createdAt: Timestamp, deliveredAt: Timestamp? = nil,
    attempts: Int, nextAttemptAt: Timestamp? = nil, failure: String? = nil
  ) {
    self.id = id
    self.to = to
    self.subject = subject
    self.text = text
    self.createdAt = createdAt
    self.deliveredAt = deliveredAt
    self.attempts = attempts
    self.nextAttemptAt = nextAttemptAt
    self.failure = failure
  }
}

/// A page of a list.
public struct MailList: Codable, Sendable {
  public let mails: [MailShape]
  public let next: PageCursor

  public init(mails: [MailShape], next: PageCursor) {
    self.mails = mails
    self.next = next
  }
}
