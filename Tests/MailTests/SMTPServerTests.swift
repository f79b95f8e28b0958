import Testing

@testable import Mail

@Suite("The URL of a mail server") struct SMTPServerTests {
  private func server(_ url: String) throws -> SMTPServer { try SMTPServer(url: url, sender: MailMessageTests.sender) }

  @Test(arguments: [
    ("smtp://mail.example.org", "mail.example.org", 587, SMTPServer.Security.startTLS),
    ("smtps://mail.example.org/", "mail.example.org", 465, .implicitTLS),
    ("SMTP+PLAIN://127.0.0.1", "127.0.0.1", 25, .none), ("smtp://[::1]:2525", "::1", 2525, .startTLS),
  ])
  func `says how to reach it`(url: String, host: String, port: Int, security: SMTPServer.Security) throws {
    let server = try server(url)
    #expect(server.host == host && server.port == port && server.security == security)
    #expect(server.user == nil && server.password == nil)
  }

  @Test func `holds user and password percent-encoded`() throws {
    let server = try server("smtp://ada%40example.org:p%3A%2F%C3%A4@mail.example.org:25")
    #expect(server.user == "ada@example.org" && server.password == "p:/ä" && server.port == 25)
  }

  @Test(arguments: [
    "", "mail.example.org", "http://secret:secret@x", "smtp://", "smtp://user:secret@", "smtp://secret@mail.example.org",
    "smtp://:secret@mail.example.org", "smtp://user:secret@x/path", "smtp://x?secret", "smtp://x:0", "smtp://x:99999",
    "smtp://user:secret%00@x", "smtp://user:secret@ä.example", "smtp://user:sec ret@x y",
  ])
  func `is refused where it is none, without telling the password`(url: String) {
    do {
      _ = try server(url)
      Issue.record("\(url) was taken")
    } catch { #expect((error as? MailError)?.code == .malformed && !"\(error)".contains("secret")) }
  }
}
