/// A way that mails leave the service.
public protocol MailTransport: Sendable {
  /// Whether a mail that was sent can no longer be read here: then the service need not keep its text either.
  var leavesThisMachine: Bool { get }

  /// - Throws: `MailError`, or `CancellationError` where the task was cancelled meanwhile; then it may have been sent or not.
  func send(_ mail: OutgoingMail) async throws
}
