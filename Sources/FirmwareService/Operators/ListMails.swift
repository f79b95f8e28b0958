public import Catalog
import Cryptography
public import Domain
import Mail

/// A mail as operators see it.
public struct ClearMail: Sendable {
  public let id: Int64
  public let recipient: String
  public let subject: String
  /// Nil where it is kept no more, since a mail server has the mail.
  public let text: String?
  public let createdAt: Timestamp
  public let attempts: Int
  public let nextAttemptAt: Timestamp?
  public let deliveredAt: Timestamp?
  public let failure: String?
}

extension FirmwareService {
  /// A mail as a verb queues it: `Catalog.insert(_:_:)` in the verb's own transaction, then `wakeMailDelivery()`.
  /// - Throws: `malformed` for a recipient that is no address, and for a subject with control characters.
  public func sealedMail(to recipient: String, subject: String, text: String, at now: Timestamp) throws -> NewMail {
    do {
      let mail = OutgoingMail(id: "0", recipient: recipient, subject: subject, text: text, createdAt: now)
      _ = try MailMessage(mail, from: MailAddress("firmament@localhost")!)
    } catch let error as MailError {
      throw ServiceError(.malformed, error.message)
    }
    return NewMail(
      recipient: recipient, subject: subject,
      sealedText: sealingKey.seal(Array(text.utf8), context: Self.mailContext(recipient, subject)), createdAt: now)
  }

  /// Mails, newest first, with their texts. The audit entry is written before they are told, since a text may hold a link that
  /// is worth as much as a password.
  public func listMails(_ page: PageRequest, by actor: String) async throws -> Page<ClearMail> {
    let now = clock()
    let after = try page.rowID()
    let rows = try await translatingErrors { try await catalog.mails(after: after, limit: page.limit + 1) }
    let mails = try rows.prefix(page.limit).map { row in
      ClearMail(
        id: row.id, recipient: row.recipient, subject: row.subject,
        text: row.sealedText.isEmpty ? nil : try openMail(row), createdAt: row.createdAt, attempts: row.attempts,
        nextAttemptAt: row.nextAttemptAt, deliveredAt: row.deliveredAt, failure: row.failure)
    }
    if let newest = mails.first, let oldest = mails.last {
      let audit = AuditEntry(
        at: now, actor: actor, action: "mail.read", subject: "mails",
        details: ["newest": String(newest.id), "oldest": String(oldest.id)])
      try await translatingErrors { try await catalog.append(audit) }
    }
    return Page(mails, next: rows.count > page.limit ? String(rows[page.limit - 1].id) : nil)
  }

  /// - Throws: `unavailable` where it was sealed by another store's key.
  func openMail(_ mail: QueuedMail) throws -> String {
    do {
      let context = Self.mailContext(mail.recipient, mail.subject)
      return String(decoding: try sealingKey.open(mail.sealedText, context: context), as: UTF8.self)
    } catch {
      throw ServiceError(.unavailable, "the mail was sealed by another store's key")
    }
  }

  /// What the text is bound to. Neither part holds a line break.
  private static func mailContext(_ recipient: String, _ subject: String) -> [UInt8] {
    Array("mail\n\(recipient)\n\(subject)".utf8)
  }
}
