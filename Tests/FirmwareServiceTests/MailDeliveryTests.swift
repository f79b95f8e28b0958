import Catalog
import Domain
import Foundation
import Mail
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing

@testable import FirmwareService

/// A way for mails that ends in memory, as it is told to end.
private final class ScriptedTransport: MailTransport {
  private let script: Mutex<[MailError?]>
  private let mails = Mutex<[OutgoingMail]>([])
  let leavesThisMachine: Bool
  private let tried: AsyncStream<OutgoingMail>.Continuation
  let attempts: AsyncStream<OutgoingMail>

  /// - Parameter script: what becomes of one mail after the other; those that follow are sent.
  init(_ script: [MailError?] = [], leavesThisMachine: Bool = true) {
    self.script = Mutex(script)
    self.leavesThisMachine = leavesThisMachine
    (attempts, tried) = AsyncStream.makeStream()
  }

  var sent: [OutgoingMail] { mails.withLock { $0 } }

  func send(_ mail: OutgoingMail) async throws {
    let failure = script.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    if failure == nil { mails.withLock { $0.append(mail) } }
    tried.yield(mail)
    if let failure { throw failure }
  }
}

/// Never ends by itself.
private struct EndlessTransport: MailTransport {
  let leavesThisMachine = true
  let begun: AsyncStream<Void>.Continuation

  func send(_ mail: OutgoingMail) async throws {
    begun.yield()
    try await Task.sleep(for: .seconds(86_400))
  }
}

@Suite("Mails on their way", .timeLimit(.minutes(10))) struct MailDeliveryTests {
  private let later = MailError(.postponed, "450 later")
  private let never = MailError(.refused, "550 never")

  private func queue(_ test: TestService, _ recipient: String = "eve@example.org") async throws {
    let mail = try test.service.sealedMail(to: recipient, subject: "Hello", text: "the link", at: test.clock.now)
    try await test.catalog.queue(mail)
  }

  private func mails(_ test: TestService) async throws -> [ClearMail] {
    try await test.service.listMails(PageRequest(limit: nil, after: nil), by: "op").entries
  }

  /// Runs the delivery while `body` does something.
  private func delivering(
    _ test: TestService, _ transport: any MailTransport, _ body: () async throws -> Void
  ) async throws {
    let group = ServiceGroup(
      configuration: .init(
        services: [MailDelivery(service: test.service, transport: transport)], logger: test.service.log))
    let running = Task { try await group.run() }
    try await body()
    await group.triggerGracefulShutdown()
    try await running.value
  }

  @Test func `are sent at once when they are queued, and before that when they waited`() async throws {
    let test = try await TestService()
    try await queue(test, "first@example.org")
    let transport = ScriptedTransport()
    var attempts = transport.attempts.makeAsyncIterator()
    try await delivering(test, transport) {
      let first = try #require(await attempts.next())
      #expect(first.recipient == "first@example.org" && first.text == "the link" && first.createdAt == test.clock.now)
      for number in 0..<20 {
        try await queue(test, "u\(number)@example.org")
        test.service.wakeMailDelivery()
        #expect(await attempts.next()?.recipient == "u\(number)@example.org")
      }
    }
    #expect(Set(transport.sent.map(\.id)).count == 21)
    let all = try await mails(test)
    #expect(all.count == 21 && all.allSatisfy { $0.deliveredAt == test.clock.now && $0.attempts == 1 })
    #expect(all.allSatisfy { $0.text == nil && $0.nextAttemptAt == nil && $0.failure == nil })
  }

  @Test func `are tried again, later each time, under the same id, for two days`() async throws {
    let test = try await TestService()
    try await queue(test)
    let transport = ScriptedTransport(Array(repeating: later, count: 100))
    let start = test.clock.now
    var waits: [Int64] = []
    while let next = try await test.service.deliverMails(by: transport) {
      let seconds = next.seconds - test.clock.now.seconds
      waits.append(seconds)
      #expect(try await mails(test)[0].failure == "450 later")
      test.clock.advance(seconds: seconds - 1)
      let before = try await mails(test)[0].attempts
      #expect(try await test.service.deliverMails(by: transport) == next)
      #expect(try await mails(test)[0].attempts == before)
      test.clock.advance(seconds: 1)
    }
    #expect(waits.prefix(6) == [60, 300, 1800, 7200, 14_400, 14_400])
    #expect((1.6...2.0).contains(Double(test.clock.now.seconds - start.seconds) / 86_400))
    let mail = try await mails(test)[0]
    #expect(mail.nextAttemptAt == nil && mail.deliveredAt == nil && mail.failure == "450 later" && mail.text == "the link")
    #expect(mail.attempts == waits.count + 1)
    #expect(transport.sent.isEmpty)
  }

  @Test func `that one refuses do not stop the others`() async throws {
    let test = try await TestService()
    for name in ["a", "b", "c"] { try await queue(test, "\(name)@example.org") }
    let transport = ScriptedTransport([never, later])
    #expect(try await test.service.deliverMails(by: transport) == test.clock.now.adding(seconds: 60))
    #expect(transport.sent.map(\.recipient) == ["c@example.org"])
    let all = try await mails(test)
    #expect(all.map(\.failure) == [nil, "450 later", "550 never"])
    #expect(all.map { $0.nextAttemptAt != nil } == [false, true, false])
    test.clock.advance(seconds: 60)
    #expect(try await test.service.deliverMails(by: transport) == nil)
    #expect(transport.sent.map(\.recipient) == ["c@example.org", "b@example.org"])
  }

  @Test func `are not lost by a crash, and come with the same id`() async throws {
    let test = try await TestService()
    try await queue(test)
    let (begun, continuation) = AsyncStream<Void>.makeStream()
    var beginnings = begun.makeAsyncIterator()
    // Broken off in the middle: nobody knows whether it was sent.
    try await delivering(test, EndlessTransport(begun: continuation)) { _ = await beginnings.next() }
    let again = try await test.restarted()
    #expect(try await mails(again)[0].attempts == 0)
    let transport = ScriptedTransport()
    _ = try await again.service.deliverMails(by: transport)
    #expect(transport.sent.map(\.id) == ["1.1750000000000"])
  }

  @Test func `keep their text in the folder of a store without a mail server, and are forgotten after 30 days`() async throws {
    let test = try await TestService()
    try await queue(test)
    let outbox = OutboxFolder(path: test.folder.path + "/outbox", sender: try #require(MailAddress("a@b")))
    #expect(try await test.service.deliverMails(by: outbox) == nil)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: test.folder.path + "/outbox")
        == ["20250615T150640Z-1.1750000000000.eml"])
    #expect(try await mails(test)[0].text == "the link")
    test.clock.advance(seconds: 30 * 86_400)
    try await test.service.forgetOldMails()
    #expect(try await mails(test).count == 1)
    test.clock.advance(seconds: 1)
    try await test.service.forgetOldMails()
    #expect(try await mails(test).isEmpty)
  }

  @Test func `are read by operators only with a trace, and their texts lie sealed`() async throws {
    let test = try await TestService()
    #expect(try await mails(test).isEmpty)
    try await queue(test)
    #expect(try await mails(test)[0].text == "the link")
    let audit = try await test.service.listAudit(PageRequest(limit: nil, after: nil)).entries
    #expect(audit.map(\.action) == ["mail.read"] && audit[0].actor == "op")
    let row = try #require(try await test.catalog.dueMail(at: test.clock.now))
    #expect(!String(decoding: row.sealedText, as: UTF8.self).contains("link"))
    // A text under another subject or recipient is not authentic.
    try await test.catalog.queue(
      NewMail(recipient: "eve@example.org", subject: "Other", sealedText: row.sealedText, createdAt: test.clock.now))
    let transport = ScriptedTransport()
    _ = try await test.service.deliverMails(by: transport)
    #expect(transport.sent.map(\.subject) == ["Hello"])
  }

  @Test func `to nobody, or with a subject of two lines, are refused before they are queued`() async throws {
    let test = try await TestService()
    for (recipient, subject) in [("nobody", "x"), ("a@b\r\nBcc: c@d", "x"), ("a@b", "x\r\nBcc: c@d")] {
      await expectRefusal(.malformed, recipient) {
        _ = try test.service.sealedMail(to: recipient, subject: subject, text: "", at: test.clock.now)
      }
    }
  }

  @Test(.enabled(if: PythonTools.has("aiosmtpd"), "\(PythonTools.hint)"))
  func `reach a real mail server`() async throws {
    let test = try await TestService()
    let office = try await PostOffice.open("plain")
    let server = SMTPServer(
      host: "127.0.0.1", port: office.port, security: .none, sender: try #require(MailAddress("firmament@example.org")))
    try await queue(test)
    try await queue(test, "refused@example.org")
    try await queue(test, "later@example.org")
    let next = try await test.service.deliverMails(by: try SMTPTransport(server))
    #expect(next == test.clock.now.adding(seconds: 60))
    let received = try office.mails()
    #expect(received.map(\.text) == ["the link\n"] && received.map(\.recipients) == [["eve@example.org"]])
    #expect(
      try await mails(test).map(\.failure) == [
        "the server's answer to the recipient: 451 4.2.0 come back later",
        "the server's answer to the recipient: 550 5.1.1 no such user here", nil,
      ])
  }
}
