public import Domain
import Foundation
import GRDB

/// A webhook that is about to be stored.
public struct NewWebhook: Sendable {
  public let publicID: String
  public let url: String
  public let sealedSecret: [UInt8]
  public let kinds: [RolloutEvent.Kind]
  public let models: [String]

  public init(publicID: String, url: String, sealedSecret: [UInt8], kinds: [RolloutEvent.Kind], models: [String]) {
    self.publicID = publicID
    self.url = url
    self.sealedSecret = sealedSecret
    self.kinds = kinds
    self.models = models
  }
}

/// Who is told by webhooks.
extension Catalog {
  /// - Throws: `full` where there are as many as there may be.
  public func createWebhook(_ new: NewWebhook, most: Int, at now: Timestamp, audit: AuditEntry) async throws -> Webhook {
    try await write { db in
      guard try Int.fetchOne(db, sql: "SELECT count(*) FROM webhook") ?? 0 < most else {
        throw CatalogError(.full, "there are \(most) webhooks already: delete one first")
      }
      try db.execute(
        sql: """
          INSERT INTO webhook (publicId, url, sealedSecret, kinds, models, createdAt, createdBy) VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          new.publicID, new.url, Data(new.sealedSecret), try jsonText(new.kinds.map(\.rawValue)), try jsonText(new.models),
          now.milliseconds, audit.actor,
        ])
      let made = try Self.requiredWebhook(new.publicID, db)
      try audit.insert(db, before: nil, after: Self.told(made, isDeleted: false))
      return made
    }
  }

  /// Webhooks, newest first.
  /// - Parameter after: the row id of the last webhook of the page before.
  public func webhooks(after: Int64?, limit: Int) async throws -> [Webhook] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM webhook WHERE id < ? ORDER BY id DESC LIMIT ?", arguments: [after ?? Int64.max, limit]
      ).map(Self.webhook)
    }
  }

  public func webhook(publicID: String) async throws -> Webhook? { try await read { try Self.webhook(publicID, $0) } }

  /// Removes a webhook with its deliveries.
  /// - Returns: nil where there is none.
  public func deleteWebhook(_ publicID: String, audit: AuditEntry) async throws -> Webhook? {
    try await write { db in
      guard let webhook = try Self.webhook(publicID, db) else { return nil }
      try db.execute(sql: "DELETE FROM webhook WHERE id = ?", arguments: [webhook.id])
      try audit.insert(
        db, before: Self.told(webhook, isDeleted: false), after: Self.told(webhook, isDeleted: true))
      return webhook
    }
  }

  private static func told(_ webhook: Webhook, isDeleted: Bool) -> [String: String] {
    func list(_ names: [String]) -> String { names.isEmpty ? "all" : names.joined(separator: ", ") }
    return [
      "url": webhook.url, "events": list(webhook.kinds.map(\.rawValue)), "models": list(webhook.models),
      "deleted": String(isDeleted),
    ]
  }

  static func webhook(_ publicID: String, _ db: Database) throws -> Webhook? {
    try Row.fetchOne(db, sql: "SELECT * FROM webhook WHERE publicId = ?", arguments: [publicID]).map(Self.webhook)
  }

  private static func requiredWebhook(_ publicID: String, _ db: Database) throws -> Webhook {
    guard let webhook = try webhook(publicID, db) else { throw CatalogError(.missing, "the webhook is gone") }
    return webhook
  }

  static func webhook(_ row: Row) -> Webhook {
    Webhook(
      id: row["id"], publicID: row["publicId"], url: row["url"],
      kinds: row.texts("kinds").compactMap(RolloutEvent.Kind.init), models: row.texts("models"),
      createdAt: row.time("createdAt"), createdBy: row["createdBy"], disabledAt: row.optionalTime("disabledAt"))
  }
}
