import Domain
import GRDB
import Testing

@testable import Catalog

@Suite("The queue of mails") struct MailQueueTests {
  private func mail(_ number: Int, at time: Timestamp = .start) -> NewMail {
    NewMail(recipient: "u\(number)@example.org", subject: "s", sealedText: [1, 2], createdAt: time)
  }

  @Test func `a mail is queued with what it tells of, or not at all`() async throws {
    let test = try await TestCatalog()
    let mail = mail(1)
    await #expect(throws: CatalogError.self) {
      try await test.catalog.write { db in
        try Catalog.insert(mail, db)
        throw CatalogError(.missing, "changed my mind")
      }
    }
    #expect(try await test.catalog.mails(after: nil, limit: 10).isEmpty)
    try await test.catalog.write { try Catalog.insert(mail, $0) }
    #expect(try await test.catalog.mails(after: nil, limit: 10).map(\.recipient) == ["u1@example.org"])
  }

  @Test func `what is due the longest comes first, and what came about is kept`() async throws {
    let test = try await TestCatalog()
    for number in 1...3 { try await test.catalog.queue(mail(number, at: .start.adding(seconds: Int64(-number)))) }
    #expect(try await test.catalog.dueMail(at: .start.adding(seconds: -9))?.id == nil)
    #expect(try await test.catalog.nextMailAttempt() == .start.adding(seconds: -3))
    let first = try #require(try await test.catalog.dueMail(at: .start))
    #expect(first.recipient == "u3@example.org")
    try await test.catalog.record(.again(at: .start.adding(seconds: 60), failure: "later"), ofMail: first.id)
    let second = try #require(try await test.catalog.dueMail(at: .start))
    try await test.catalog.record(.delivered(at: .start, keepsText: false), ofMail: second.id)
    let third = try #require(try await test.catalog.dueMail(at: .start))
    try await test.catalog.record(.givenUp(failure: "no such user"), ofMail: third.id)
    #expect(try await test.catalog.dueMail(at: .start)?.id == nil)
    #expect(try await test.catalog.nextMailAttempt() == .start.adding(seconds: 60))
    try await test.catalog.record(.again(at: .start.adding(seconds: 120), failure: "still"), ofMail: first.id)
    // What has left the queue does not come back.
    try await test.catalog.record(.again(at: .start, failure: "x"), ofMail: second.id)
    let all = try await test.catalog.mails(after: nil, limit: 10)
    #expect(all.map(\.id) == [3, 2, 1])
    #expect(all.map(\.attempts) == [2, 1, 1])
    #expect(all.map(\.failure) == ["still", nil, "no such user"])
    #expect(all.map(\.deliveredAt) == [nil, .start, nil])
    #expect(all.map(\.sealedText) == [[1, 2], [], [1, 2]])
    #expect(try await test.catalog.mails(after: 3, limit: 1).map(\.id) == [2])
  }

  @Test func `only what has left the queue is forgotten`() async throws {
    let test = try await TestCatalog()
    for number in 1...3 { try await test.catalog.queue(mail(number)) }
    try await test.catalog.record(.delivered(at: .start.adding(seconds: 10), keepsText: true), ofMail: 1)
    try await test.catalog.record(.givenUp(failure: "x"), ofMail: 2)
    #expect(try await test.catalog.forgetMails(endedBefore: .start) == 0)
    #expect(try await test.catalog.forgetMails(endedBefore: .start.adding(seconds: 5)) == 1)
    #expect(try await test.catalog.forgetMails(endedBefore: .start.adding(seconds: 500)) == 1)
    #expect(try await test.catalog.mails(after: nil, limit: 10).map(\.id) == [3])
  }
}
