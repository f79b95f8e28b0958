/// A mail as the service wants it sent: plain text in UTF-8.
public struct OutgoingMail: Sendable, Hashable {
  public let recipient: String
  public let subject: String
  public let text: String

  public init(recipient: String, subject: String, text: String) {
    self.recipient = recipient
    self.subject = subject
    self.text = text
  }
}
