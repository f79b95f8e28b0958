import Catalog
import Cryptography
public import Domain
import Webhooks

extension FirmwareService {
  /// Creates a webhook with a secret of its own.
  /// - Parameters:
  ///   - events: which it is told; nil for all.
  ///   - models: of rollouts of which models; nil for all.
  /// - Returns: the webhook, and its secret, which is told here and never again.
  /// - Throws: `malformed`, `unknownModel`, `tooMany`.
  public func createWebhook(
    url: String, events: [String]?, models: [String]?, by actor: String
  ) async throws -> (webhook: Webhook, secret: String) {
    let now = clock()
    try checkTarget(url)
    let kinds = try Self.kinds(events)
    let names = try (models ?? []).map { try model($0).name }
    guard models?.isEmpty != true else { throw ServiceError(.malformed, "models: name some, or leave it out for all") }
    let publicID = Identifiers.webhook()
    let secret = RandomBytes.generate(32)
    let new = NewWebhook(
      publicID: publicID, url: url, sealedSecret: sealingKey.seal(secret, context: Self.secretContext(publicID)),
      kinds: kinds, models: Array(Set(names)).sorted())
    let audit = AuditEntry(at: now, actor: actor, action: "webhook.create", subject: publicID, details: ["url": url])
    let webhook = try await translatingErrors {
      try await catalog.createWebhook(new, most: settings.mostWebhooks, at: now, audit: audit)
    }
    return (webhook, OutgoingWebhook.text(ofSecret: secret))
  }

  /// Deletes a webhook: what still waits for it is not sent, and what became of its deliveries is forgotten.
  /// - Throws: `unknownWebhook`.
  public func deleteWebhook(_ publicID: String, by actor: String) async throws -> Webhook {
    let audit = AuditEntry(at: clock(), actor: actor, action: "webhook.delete", subject: publicID)
    let deleted = try await translatingErrors { try await catalog.deleteWebhook(publicID, audit: audit) }
    guard let deleted else { throw Self.unknownWebhook(publicID) }
    return deleted
  }

  static func unknownWebhook(_ publicID: String) -> ServiceError {
    ServiceError(.unknownWebhook, "there is no webhook \(publicID)")
  }

  /// What a secret is bound to.
  static func secretContext(_ publicID: String) -> [UInt8] { Array("webhook\n\(publicID)".utf8) }

  /// An address that may not be called is refused here already; a name may lead elsewhere tomorrow, and is looked at each time.
  private func checkTarget(_ url: String) throws {
    guard url.utf8.count <= Webhook.longestURL else {
      throw ServiceError(.malformed, "url: has more than \(Webhook.longestURL) characters")
    }
    do {
      let target = try WebhookTarget(url)
      guard settings.webhookPrivateAddresses || !target.isPrivateAddress else {
        throw ServiceError(
          .malformed, "url: \(target.host) is no public address; firmament serve --webhook-private-addresses allows it")
      }
    } catch let error as WebhookError {
      throw ServiceError(.malformed, "url: \(error.message)")
    }
  }

  private static func kinds(_ events: [String]?) throws -> [RolloutEvent.Kind] {
    guard let events else { return [] }
    let known = RolloutEvent.Kind.allCases.filter(\.isStored)
    guard !events.isEmpty, events.allSatisfy({ name in known.contains { $0.rawValue == name } }) else {
      let names = known.map(\.rawValue).joined(separator: ", ")
      throw ServiceError(.malformed, "events: some of \(names) are needed, or leave it out for all")
    }
    return known.filter { events.contains($0.rawValue) }
  }
}
