/// A way that deliveries leave the service.
public protocol WebhookTransport: Sendable {
  /// - Returns: the status of the answer.
  /// - Throws: `WebhookError`, or `CancellationError` where the task was cancelled meanwhile; then it may have been sent or
  ///   not.
  func send(_ delivery: OutgoingWebhook) async throws -> Int
}
