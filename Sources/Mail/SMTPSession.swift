import Foundation
import NIOCore
import NIOSSL

/// The talk that hands over one mail: greeting, EHLO, TLS, login, envelope, data (RFC 5321 section 3).
struct SMTPSession {
  let server: SMTPServer
  let connection: SMTPConnection
  let tls: @Sendable () throws -> NIOSSLClientHandler

  func deliver(_ message: MailMessage) async throws {
    let greeting = try await connection.ask(nil, within: server.limits.reply, "the connection")
    try expect([220], greeting, "the connection")
    var features = try await hello()
    if server.security == .startTLS {
      guard features["STARTTLS"] != nil else {
        throw MailError(.insecure, "the server does not offer STARTTLS, and without TLS no mail is sent")
      }
      try expect([220], try await command("STARTTLS"), "STARTTLS")
      try await connection.beginTLS(tls)
      // What was said before TLS is forgotten (RFC 3207 section 4.2).
      features = try await hello()
    }
    if let user = server.user, let password = server.password {
      try await authenticate(user, password, features["AUTH"] ?? [])
    }
    try expect([250], try await command("MAIL FROM:<\(message.sender)>"), "the sender", isAboutMail: true)
    try expect([250, 251, 252], try await command("RCPT TO:<\(message.recipient)>"), "the recipient", isAboutMail: true)
    try expect([354], try await command("DATA"), "DATA", isAboutMail: true)
    let accepted = try await connection.ask(message.stuffed, within: server.limits.acceptance, "the mail")
    try expect([250], accepted, "the mail", isAboutMail: true)
    // The mail is the server's from here on: whatever becomes of the farewell, it must not be sent again.
    _ = try? await connection.ask(Array("QUIT\r\n".utf8), within: .seconds(2), "QUIT")
  }

  /// EHLO, and HELO for a server that does not know it (section 3.2).
  /// - Returns: what the server can do.
  private func hello() async throws -> [String: [String]] {
    let extended = try await command("EHLO \(connection.localName)")
    guard [500, 502, 504, 550].contains(extended.code) else {
      try expect([250], extended, "EHLO")
      return extended.features
    }
    try expect([250], try await command("HELO \(connection.localName)"), "HELO")
    return [:]
  }

  /// AUTH (RFC 4954) by PLAIN (RFC 4616), else by LOGIN.
  private func authenticate(_ user: String, _ password: String, _ mechanisms: [String]) async throws {
    func encoded(_ text: String) -> String { Data(text.utf8).base64EncodedString() }
    if mechanisms.contains("PLAIN") {
      try expect([235], try await command("AUTH PLAIN " + encoded("\0\(user)\0\(password)"), "the login"), "the login")
    } else if mechanisms.contains("LOGIN") {
      try expect([334], try await command("AUTH LOGIN", "the login"), "the login")
      try expect([334], try await command(encoded(user), "the login"), "the login")
      try expect([235], try await command(encoded(password), "the login"), "the login")
    } else {
      throw MailError(.login, "the server takes neither AUTH PLAIN nor AUTH LOGIN")
    }
  }

  private func command(_ line: String, _ step: String? = nil) async throws -> SMTPReply {
    let verb = step ?? String(line.prefix { $0 != " " })
    return try await connection.ask(Array((line + "\r\n").utf8), within: server.limits.reply, verb)
  }

  /// - Parameter isAboutMail: whether a 5xx means this mail, and not the connection or who we are.
  private func expect(_ codes: [Int], _ reply: SMTPReply, _ step: String, isAboutMail: Bool = false) throws {
    guard !codes.contains(reply.code) else { return }
    let code: MailError.Code
    switch reply.code {
    // RFC 4954 section 6.
    case 530, 534, 535, 538: code = .login
    case 500...599: code = isAboutMail ? .refused : .postponed
    case 400...499: code = .postponed
    default: code = .protocolViolation
    }
    throw MailError(code, "the server's answer to \(step): \(reply.text)")
  }
}
