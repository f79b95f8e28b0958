public import Domain
import Foundation
import GRDB

/// A mail that is about to be queued.
public struct NewMail: Sendable {
  public let recipient: String
  public let subject: String
  public let sealedText: [UInt8]
  public let createdAt: Timestamp

  public init(recipient: String, subject: String, sealedText: [UInt8], createdAt: Timestamp) {
    self.recipient = recipient
    self.subject = subject
    self.sealedText = sealedText
    self.createdAt = createdAt
  }
}

/// A mail in the queue, or one that has left it.
public struct QueuedMail: Sendable {
  public let id: Int64
  public let recipient: String
  public let subject: String
  /// Empty once it is not kept any more.
  public let sealedText: [UInt8]
  public let createdAt: Timestamp
  public let attempts: Int
  /// Nil when nothing more is to be done.
  public let nextAttemptAt: Timestamp?
  public let deliveredAt: Timestamp?
  /// Why the last attempt failed.
  public let failure: String?
}

/// How an attempt to deliver a mail ended.
public enum MailOutcome: Sendable {
  case delivered(at: Timestamp, keepsText: Bool)
  case again(at: Timestamp, failure: String)
  case givenUp(failure: String)
}

/// The mails on their way: durable, so that none is lost in a crash.
extension Catalog {
  /// Queues a mail in the transaction of what it tells of: both are there, or neither.
  static func insert(_ mail: NewMail, _ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO mail (recipient, subject, sealedText, createdAt, attempts, nextAttemptAt) VALUES (?, ?, ?, ?, 0, ?)",
      arguments: [
        mail.recipient, mail.subject, Data(mail.sealedText), mail.createdAt.milliseconds, mail.createdAt.milliseconds,
      ])
  }

  /// Queues a mail by itself.
  public func queue(_ mail: NewMail) async throws { try await write { try Self.insert(mail, $0) } }

  /// The mail that is due for the longest time.
  public func dueMail(at now: Timestamp) async throws -> QueuedMail? {
    try await read { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT * FROM mail WHERE nextAttemptAt IS NOT NULL AND nextAttemptAt <= ? ORDER BY nextAttemptAt, id LIMIT 1
          """, arguments: [now.milliseconds]
      ).map(Self.mail)
    }
  }

  /// When the next mail is due; nil while none waits.
  public func nextMailAttempt() async throws -> Timestamp? {
    try await read { db in
      try Int64.fetchOne(db, sql: "SELECT min(nextAttemptAt) FROM mail WHERE nextAttemptAt IS NOT NULL")
        .map { Timestamp(milliseconds: $0) }
    }
  }

  /// Records an attempt. A mail that has left the queue meanwhile is left as it is.
  public func record(_ outcome: MailOutcome, ofMail id: Int64) async throws {
    let (next, delivered, failure, keepsText): (Timestamp?, Timestamp?, String?, Bool) =
      switch outcome {
      case .delivered(let time, let keepsText): (nil, time, nil, keepsText)
      case .again(let time, let failure): (time, nil, failure, true)
      case .givenUp(let failure): (nil, nil, failure, true)
      }
    try await write { db in
      try db.execute(
        sql: """
          UPDATE mail SET attempts = attempts + 1, nextAttemptAt = ?, deliveredAt = ?, failure = ?,
            sealedText = CASE WHEN ? THEN sealedText ELSE x'' END
          WHERE id = ? AND nextAttemptAt IS NOT NULL
          """, arguments: [next?.milliseconds, delivered?.milliseconds, failure, keepsText, id])
    }
  }

  /// Mails, newest first.
  /// - Parameter after: the row id of the last mail of the page before.
  public func mails(after: Int64?, limit: Int) async throws -> [QueuedMail] {
    try await read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM mail WHERE id < ? ORDER BY id DESC LIMIT ?", arguments: [after ?? Int64.max, limit]
      ).map(Self.mail)
    }
  }

  /// Removes mails with which nothing more is to be done, delivered or given up.
  /// - Returns: how many.
  @discardableResult
  public func forgetMails(endedBefore moment: Timestamp) async throws -> Int {
    try await write { db in
      try db.execute(
        sql: "DELETE FROM mail WHERE nextAttemptAt IS NULL AND coalesce(deliveredAt, createdAt) < ?",
        arguments: [moment.milliseconds])
      return db.changesCount
    }
  }

  private static func mail(_ row: Row) -> QueuedMail {
    QueuedMail(
      id: row["id"], recipient: row["recipient"], subject: row["subject"], sealedText: row.bytes("sealedText"),
      createdAt: row.time("createdAt"), attempts: row["attempts"], nextAttemptAt: row.optionalTime("nextAttemptAt"),
      deliveredAt: row.optionalTime("deliveredAt"), failure: row["failure"])
  }
}
