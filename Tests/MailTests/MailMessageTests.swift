import Domain
import Testing

@testable import Mail

@Suite("A mail as bytes") struct MailMessageTests {
  static let sender = MailAddress("firmament@example.org")!

  private func message(
    to recipient: String = "eve@example.com", subject: String = "Hello", text: String = "", id: String = "7.1",
    at time: Int64 = 1_795_271_879_000
  ) throws -> MailMessage {
    try MailMessage(
      OutgoingMail(
        id: id, recipient: recipient, subject: subject, text: text, createdAt: Timestamp(milliseconds: time)),
      from: Self.sender)
  }

  private func lines(_ message: MailMessage) -> [String] {
    String(decoding: message.bytes, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test func `is written as RFC 5322 has it`() throws {
    #expect(
      lines(try message(text: "one\ntwo\r\nthree\rfour")) == [
        "From: <firmament@example.org>", "To: <eve@example.com>", "Subject: Hello", "Date: Sat, 21 Nov 2026 14:37:59 +0000",
        "Message-ID: <7.1@example.org>", "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: quoted-printable", "Auto-Submitted: auto-generated", "", "one", "two", "three", "four", "",
      ])
  }

  @Test(arguments: [
    (0, "Thu, 01 Jan 1970 00:00:00 +0000"), (951_782_399_000, "Mon, 28 Feb 2000 23:59:59 +0000"),
    (951_782_400_000, "Tue, 29 Feb 2000 00:00:00 +0000"), (4_102_444_799_999, "Thu, 31 Dec 2099 23:59:59 +0000"),
    (-1, "Wed, 31 Dec 1969 23:59:59 +0000"),
  ])
  func `has its date in the form of mail`(milliseconds: Int64, text: String) {
    #expect(MailMessage.date(Timestamp(milliseconds: milliseconds)) == text)
  }

  @Test(arguments: [
    "eve@example.com\r\nRCPT TO:<mallory@example.com>", "eve@example.com\n", "eve\u{0}@example.com", "eve @example.com",
    "<eve@example.com>", "eve@example.com>", "\"e v e\"@example.com", "eve", "@example.com", "eve@", "", ".eve@example.com",
    "eve..x@example.com", "eve@-example.com", "eve@example..com", "ève@example.com", "eve@exämple.com", "eve@[1.2.3.4\r\n]",
    "eve@\(String(repeating: "a", count: 64)).com", "\(String(repeating: "a", count: 65))@example.com",
    "a@\(String(repeating: "a.", count: 130))com", "eve@example.com,mallory@example.com", "eve,mallory@example.com",
  ])
  func `goes to no recipient that is no address`(recipient: String) {
    #expect(throws: MailError(.malformed, "the recipient is no mail address")) { try message(to: recipient) }
  }

  @Test(arguments: ["e@x", "eve+tag@sub.example.com", "eve@[192.0.2.1]", "eve@[IPv6:2001:db8::1]", "o'neill@example.com"])
  func `goes to what is an address`(recipient: String) throws {
    #expect(lines(try message(to: recipient))[1] == "To: <\(recipient)>")
  }

  @Test(arguments: [
    "x\r\nBcc: mallory@example.com", "x\nBcc: y", "x\rBcc: y", "x\u{0}", "x\u{7F}", "x\u{85}y", "x\u{2028}y", "x\u{1B}[2J",
    String(repeating: "x", count: 501),
  ])
  func `has no subject that could hold a header`(subject: String) {
    #expect(throws: MailError.self) { try message(subject: subject) }
  }

  @Test(arguments: ["", "a b", "a>", "a\r\n", "ä", "a@b"])
  func `has no id that could hold a header`(id: String) { #expect(throws: MailError.self) { try message(id: id) } }

  @Test func `has encoded words of whole characters and at most 75 bytes where the subject is not plain`() throws {
    let subject = String(repeating: "Größe 😀 ", count: 20)
    let all = lines(try message(subject: subject))
    let words = all.filter { $0.contains("=?utf-8?B?") }.map { $0.replacing("Subject: ", with: "") }
    #expect(words.count > 4)
    for word in words { #expect(word.trimmingPrefix(" ").utf8.count <= 75) }
    for plain in ["=?utf-8?B?AAAA?=", " x", "x ", String(repeating: "x", count: 67)] {
      #expect(lines(try message(subject: plain))[2].hasPrefix("Subject: =?utf-8?B?"))
    }
  }

  @Test func `has no line longer than 76 characters, and nothing but ASCII`() throws {
    let text = String(repeating: "Straße = 😀\t", count: 50) + " \nx \n\n" + String(repeating: "a", count: 2000) + "\u{0}\u{1}"
    let message = try message(text: text)
    let body = lines(message).drop { !$0.isEmpty }
    #expect(body.allSatisfy { $0.utf8.count <= 76 })
    #expect(message.bytes.allSatisfy { $0 < 0x7F && ($0 >= 0x20 || $0 == 0x0D || $0 == 0x0A || $0 == 0x09) })
    #expect(body.contains("x=20") && body.contains { $0.contains("=00=01") })
  }

  @Test func `has a dot put before every dot that begins a line`() throws {
    let stuffed = String(decoding: try message(text: ".\n..\na.b\n").stuffed, as: UTF8.self)
    #expect(stuffed.hasSuffix("\r\n\r\n..\r\n...\r\na.b\r\n.\r\n"))
    #expect(String(decoding: try message(text: "").stuffed, as: UTF8.self).hasSuffix("\r\n\r\n\r\n.\r\n"))
  }
}
