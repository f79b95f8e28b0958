import Catalog
import Cryptography
import Domain
import Logging
import Webhooks

extension FirmwareService {
  /// How many webhooks are sent to at the same time.
  static let webhooksAtOnce = 8

  /// Has queued deliveries made now: after the commit that queued one.
  public func wakeWebhookDelivery() { webhookSignal.raise() }

  /// Makes the deliveries that are due: to each webhook one after another, to several webhooks at the same time, in turns. An
  /// attempt is recorded after it was made, so that a crash can make a delivery come twice, with the same id, but never not at
  /// all.
  /// - Returns: when there is something to do again; nil when nothing waits.
  func deliverWebhooks(by transport: any WebhookTransport) async throws -> Timestamp? {
    try await translatingErrors {
      try await withThrowingTaskGroup(of: Int64?.self) { group in
        var busy: Set<Int64> = []
        // What is queued meanwhile does not wait until one of those in hand has ended.
        group.addTask { await self.nextWebhookSignal() }
        while true {
          for id in try await catalog.webhooksWithDeliveries(dueAt: clock()) where !busy.contains(id) {
            guard busy.count < Self.webhooksAtOnce else { break }
            busy.insert(id)
            group.addTask { try await self.deliverNext(to: id, by: transport) }
          }
          guard !busy.isEmpty, let ended = try await group.next() else { break }
          if let ended { busy.remove(ended) } else { group.addTask { await self.nextWebhookSignal() } }
        }
        group.cancelAll()
      }
      return try await catalog.nextDeliveryAttempt()
    }
  }

  /// Forgets deliveries that were made, or given up, more than 30 days ago.
  func forgetOldDeliveries() async throws {
    _ = try await translatingErrors { try await catalog.forgetDeliveries(endedBefore: clock().adding(seconds: -30 * 86_400)) }
  }

  private func nextWebhookSignal() async -> Int64? {
    await webhookSignal.wait()
    return nil
  }

  /// - Returns: the webhook again.
  private func deliverNext(to webhookID: Int64, by transport: any WebhookTransport) async throws -> Int64 {
    guard let due = try await catalog.dueDelivery(to: webhookID, at: clock()) else { return webhookID }
    let outcome = try await attempt(due, by: transport)
    try await catalog.record(outcome, ofDelivery: due.delivery.id, at: clock())
    return webhookID
  }

  /// - Throws: `CancellationError` alone: then nothing is known, and the delivery stays due.
  private func attempt(_ due: DueDelivery, by transport: any WebhookTransport) async throws -> DeliveryOutcome {
    let now = clock()
    do {
      let status = try await transport.send(outgoing(due, at: now))
      switch status {
      case 200..<300: return .delivered(status: status)
      case 410:
        log.warning("a webhook is disabled: its receiver is gone", metadata: ["webhook": "\(due.webhook.publicID)"])
        return .gone(status: status, failure: "the receiver answered 410: the webhook is disabled")
      case 300..<400: return failed(due, status, "the receiver answered \(status), and redirects are not followed")
      default: return failed(due, status, "the receiver answered \(status)")
      }
    } catch let error as CancellationError {
      throw error
    } catch {
      return failed(due, nil, "\(error)")
    }
  }

  private func failed(_ due: DueDelivery, _ status: Int?, _ failure: String) -> DeliveryOutcome {
    let attempts = due.delivery.attempts + 1
    let again = WebhookBackOff.nextAttempt(after: attempts, of: due.delivery.id, at: clock())
    log.warning(
      again == nil ? "a webhook's delivery is given up" : "a webhook's delivery failed and will be tried again",
      metadata: ["webhook": "\(due.webhook.publicID)", "delivery": "\(due.delivery.id)", "error": "\(failure)"])
    return again.map { .again(at: $0, status: status, failure: failure) } ?? .givenUp(status: status, failure: failure)
  }

  private func outgoing(_ due: DueDelivery, at now: Timestamp) throws -> OutgoingWebhook {
    let (webhook, delivery) = (due.webhook, due.delivery)
    guard let secret = try? sealingKey.open(due.sealedSecret, context: Self.secretContext(webhook.publicID)) else {
      throw ServiceError(.unavailable, "the secret was sealed by another store's key")
    }
    let body = delivery.event.map(RolloutEventText.json) ?? RolloutEventText.test(at: delivery.createdAt)
    return OutgoingWebhook(
      id: "\(webhook.publicID)_\(delivery.id)", url: webhook.url, body: Array(body.utf8), at: now, secret: secret)
  }
}

/// When a delivery that failed is tried again: after 5 seconds, three times as long each time, up to 6 hours; each time up to a
/// fifth longer, so that what failed together does not come back together.
enum WebhookBackOff {
  /// How often a delivery is tried, over about a day.
  static let mostAttempts = 12
  /// In milliseconds, before the fifth is added.
  private static let first: Int64 = 5000
  private static let longest: Int64 = 5 * 3_600_000

  /// - Parameters:
  ///   - attempts: how many have failed.
  ///   - delivery: its id, which decides the part that looks like chance.
  /// - Returns: nil when it is given up.
  static func nextAttempt(after attempts: Int, of delivery: Int64, at now: Timestamp) -> Timestamp? {
    guard attempts < mostAttempts else { return nil }
    var wait = first
    for _ in 1..<max(attempts, 1) { wait = min(wait * 3, longest) }
    let share = scattered(UInt64(bitPattern: delivery) &* 31 &+ UInt64(attempts)) % 1001
    return Timestamp(milliseconds: now.milliseconds + wait + wait / 5 * Int64(share) / 1000)
  }

  /// SplitMix64's last step: neighbours become strangers.
  private static func scattered(_ number: UInt64) -> UInt64 {
    var mixed = number &+ 0x9E37_79B9_7F4A_7C15
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
