import Domain
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Mail

/// Against real mail servers, good ones and others.
@Suite("A mail server", .enabled(if: PythonTools.has("aiosmtpd"), "\(PythonTools.hint)")) struct SMTPTests {
  private static let ours = Result { try CertificatePair(for: "DNS:localhost,IP:127.0.0.1") }

  private func transport(
    _ office: PostOffice, _ security: SMTPServer.Security, host: String = "localhost", ca: String? = nil,
    login: (String, String)? = nil, change: (inout SMTPServer) -> Void = { _ in }
  ) throws -> SMTPTransport {
    var server = SMTPServer(
      host: host, port: office.port, security: security, user: login?.0, password: login?.1,
      sender: MailMessageTests.sender)
    server.caFile = ca
    server.limits.connect = .seconds(120)
    server.limits.reply = .seconds(120)
    server.limits.acceptance = .seconds(120)
    change(&server)
    return try SMTPTransport(server)
  }

  private func mail(_ recipient: String = "eve@example.com", subject: String = "Hello", text: String = "x") -> OutgoingMail {
    OutgoingMail(
      id: "17.1795271879000", recipient: recipient, subject: subject, text: text,
      createdAt: Timestamp(milliseconds: 1_795_271_879_000))
  }

  private func failure(_ body: () async throws -> Void) async -> MailError? {
    do {
      try await body()
      return nil
    } catch { return error as? MailError }
  }

  private let login = (PostOffice.user, PostOffice.password)

  @Test func `gets over STARTTLS exactly what was written`() async throws {
    let pair = try Self.ours.get()
    let office = try await PostOffice.open("starttls", pair)
    let text =
      ".\n..leading dots\nGrüße, 日本語 😀 = % \n" + String(repeating: "long ", count: 400) + "\n \ttabs\t\nFrom here\n\nend\n"
    let subject = "Einladung: Lämpchen 😀 " + String(repeating: "für dich ", count: 12)
    try await transport(office, .startTLS, ca: pair.certificate).send(mail(subject: subject, text: text))
    let mails = try office.mails()
    try #require(mails.count == 1)
    #expect(mails[0].sender == "firmament@example.org" && mails[0].recipients == ["eve@example.com"])
    #expect(mails[0].from == "firmament@example.org" && mails[0].to == "eve@example.com")
    #expect(mails[0].subject == subject)
    #expect(mails[0].text == text && mails[0].type == "text/plain")
    #expect(mails[0].id == "<17.1795271879000@example.org>" && mails[0].date == "2026-11-21T14:37:59+00:00")
    #expect(mails[0].defects.isEmpty && mails[0].tls && !mails[0].authenticated)
    #expect(mails[0].headers.count == 9)
  }

  @Test func `gets mails over TLS from the first byte, at a name and at an address, with a login`() async throws {
    let pair = try Self.ours.get()
    let office = try await PostOffice.open("tls", pair)
    for host in ["localhost", "127.0.0.1"] {
      try await transport(office, .implicitTLS, host: host, ca: pair.certificate, login: login).send(mail())
    }
    #expect(try office.mails().map(\.authenticated) == [true, true])
  }

  @Test(arguments: ["login", "login-only"]) func `takes the login within TLS`(mode: String) async throws {
    let pair = try Self.ours.get()
    let office = try await PostOffice.open(mode, pair)
    try await transport(office, .startTLS, ca: pair.certificate, login: login).send(mail())
    #expect(try office.mails().map(\.authenticated) == [true])
    for wrong in [("ada", "wrong"), nil] as [(String, String)?] {
      let error = await failure {
        try await transport(office, .startTLS, ca: pair.certificate, login: wrong).send(mail())
      }
      #expect(error?.code == .login && error?.isPermanent == false)
      #expect(error?.message.contains("wrong") == false)
    }
    #expect(try office.mails().count == 1)
  }

  @Test func `is told nothing without TLS, unless that was asked for`() async throws {
    let office = try await PostOffice.open("plain")
    #expect(await failure { try await transport(office, .startTLS).send(mail()) }?.code == .insecure)
    #expect(await failure { try await transport(office, .implicitTLS).send(mail()) }?.code == .insecure)
    #expect(await failure { _ = try transport(office, .none, login: login) }?.code == .malformed)
    #expect(try office.mails().isEmpty)
    try await transport(office, .none).send(mail())
    #expect(try office.mails().map(\.tls) == [false])
    let trusting = try await PostOffice.open("plain-login")
    try await transport(trusting, .none, login: login) { $0.allowsLoginWithoutTLS = true }.send(mail())
    #expect(try trusting.mails().map(\.authenticated) == [true])
  }

  @Test(arguments: ["starttls", "tls"]) func `must have a certificate that is trusted, and its own`(mode: String) async throws {
    let ours = try Self.ours.get()
    let security: SMTPServer.Security = mode == "tls" ? .implicitTLS : .startTLS
    let office = try await PostOffice.open(mode, ours)
    #expect(await failure { try await transport(office, security).send(mail()) }?.code == .insecure)
    let others = try CertificatePair(for: "DNS:elsewhere.example,IP:127.0.0.2")
    let stranger = try await PostOffice.open(mode, others)
    for host in ["localhost", "127.0.0.1"] {
      let error = await failure {
        try await transport(stranger, security, host: host, ca: others.certificate).send(mail())
      }
      #expect(error?.code == .insecure, "\(host): \(String(describing: error))")
    }
    #expect(try office.mails().isEmpty)
    #expect(try stranger.mails().isEmpty)
    #expect(await failure { _ = try transport(office, security, ca: "/nowhere.pem") }?.code == .malformed)
  }

  @Test func `refuses for good, or for now`() async throws {
    let office = try await PostOffice.open("plain")
    let transport = try transport(office, .none)
    let refused = await failure { try await transport.send(mail("refused@example.com")) }
    #expect(refused?.code == .refused && refused?.isPermanent == true)
    #expect(refused?.message == "the server's answer to the recipient: 550 5.1.1 no such user here")
    let later = await failure { try await transport.send(mail("later@example.com")) }
    #expect(later?.code == .postponed && later?.isPermanent == false)
    #expect(await failure { try await transport.send(mail("login@example.com")) }?.isPermanent == false)
    #expect(await failure { try await transport.send(mail(subject: "too much")) }?.code == .refused)
    try await transport.send(mail("welcome@example.com"))
    #expect(try office.mails().map(\.recipients) == [["welcome@example.com"]])
  }

  @Test func `may know HELO alone`() async throws {
    let office = try await PostOffice.open("old")
    try await transport(office, .none).send(mail(text: ".dots\n.\n"))
    #expect(try office.mails().map(\.text) == [".dots\n.\n"])
    #expect(await failure { try await transport(office, .startTLS).send(mail()) }?.code == .insecure)
  }

  @Test(arguments: [
    ("garbage", MailError.Code.protocolViolation), ("long-line", .protocolViolation), ("many-lines", .protocolViolation),
    ("two-codes", .protocolViolation), ("chatty", .protocolViolation), ("close", .connection), ("deaf-to-data", .connection),
    ("unwilling", .postponed),
  ])
  func `that is none, or breaks off, is left for now`(mode: String, code: MailError.Code) async throws {
    let office = try await PostOffice.open(mode)
    let error = await failure { try await transport(office, .none).send(mail()) }
    #expect(error?.code == code && error?.isPermanent == false, "\(mode): \(String(describing: error))")
  }

  @Test func `that speaks between STARTTLS and TLS is not trusted`() async throws {
    let office = try await PostOffice.open("hasty")
    #expect(await failure { try await transport(office, .startTLS).send(mail()) }?.code == .insecure)
  }

  @Test func `that says nothing is left after a while, and at once by a task that is cancelled`() async throws {
    let office = try await PostOffice.open("silent")
    let impatient = try transport(office, .none) { $0.limits.reply = .milliseconds(200) }
    #expect(await failure { try await impatient.send(mail()) }?.code == .timeout)
    let patient = try transport(office, .none) { $0.limits.reply = .minutes(5) }
    let sending = Task { try await patient.send(mail()) }
    sending.cancel()
    await #expect(throws: CancellationError.self) { try await sending.value }
  }

  @Test func `that is not there is told of`() async throws {
    let office = try await PostOffice.open("close")
    let nobody = try transport(office, .none) { server in
      server = SMTPServer(host: "127.0.0.1", port: 1, security: .none, sender: server.sender)
    }
    let error = await failure { try await nobody.send(mail()) }
    #expect(error?.code == .connection && error?.message.hasPrefix("cannot connect to 127.0.0.1 port 1") == true)
  }
}
