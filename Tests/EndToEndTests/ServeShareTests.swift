import Domain
import Foundation
import TestSupport
import Testing

/// A user shares a thing with another, who confirms by the mail: with the real executable, its outbox or a real mail server.
@Suite struct ServeShareTests {
  private static let password = "a long password"

  /// Two users of an app. The thing is the first one's.
  private struct Family: Sendable {
    let workshop: Workshop
    let device: CurlThing
    let thing: String
    let owner: String
    let other: String

    static func open(serve arguments: [String] = []) async throws -> Family {
      let workshop = try await Workshop.open(serve: arguments)
      try await workshop.createModel(Workshop.model, mcu: Workshop.mcu)
      let device = try await workshop.newThing(Workshop.model)
      var sessions: [String] = []
      for name in ["ada", "bob"] {
        let body = #"{"email":"\#(name)@example.org","password":"\#(password)","app":"app1"}"#
        let answer = try await workshop.server.exchange("POST", "/v2/register", body)
        #expect(answer.status == 201, "\(answer.text)")
        sessions.append(try #require(answer.json?["token"]?.text))
      }
      let family = Family(
        workshop: workshop, device: device, thing: try await workshop.onlyThing(of: Workshop.model), owner: sessions[0],
        other: sessions[1])
      let linked = try await family.ask("POST", "/v2/me/things", as: family.owner, #"{"thingToken":"\#(device.token)"}"#)
      #expect(linked.status == 200 && linked.json?["thingId"]?.text == family.thing, "\(linked.text)")
      let written = try await Curl.ask(["--data", #"{"values":[{"key":"t","value":4711}]}"#, device.base])
      #expect(written.status == 201)
      return family
    }

    func ask(_ method: String, _ path: String, as session: String, _ body: String? = nil) async throws -> RawAnswer {
      try await workshop.server.exchange(
        RawRequest(method: method, path: path, headers: [("Authorization", session)], body: body.map { Array($0.utf8) }))
    }

    func offer() async throws {
      let body = #"{"resources":["t"],"things":["\#(thing)"],"email":"bob@example.org"}"#
      let answer = try await ask("PUT", "/v2/me/grant", as: owner, body)
      #expect(answer.status == 200 && answer.text == #"{"status":"success","message":"granted"}"#)
    }

    func expectNothing() async throws {
      let values = try await ask("GET", "/v2/me/resources/t/\(thing)", as: other)
      #expect(values.status == 404 && !values.text.contains("4711"), "\(values.text)")
      for path in ["/v2/me/things", "/v2/me/resources"] { #expect(try await ask("GET", path, as: other).text == "[]") }
    }

    func expectAccess() async throws {
      let values = try await ask("GET", "/v2/me/resources/t/\(thing)", as: other)
      #expect(values.status == 200 && values.json?[0]?["value"] == .integer(4711), "\(values.text)")
    }

    /// Follows the link of the mail as a browser does: opens the page, and presses its button.
    func confirm(_ url: String) async throws {
      let page = try await Curl.ask([url])
      #expect(page.status == 200 && page["content-type"] == "text/html; charset=utf-8", "\(page.text)")
      #expect(page.text.contains("ada@example.org") && page.text.contains("bob@example.org"))
      // A form without an action goes to its own address.
      #expect(page.text.contains(#"<form method="post"><button type="submit">Confirm</button></form>"#), "\(page.text)")
      try await expectNothing()
      let type = "Content-Type: application/x-www-form-urlencoded"
      let pressed = try await Curl.ask(["--request", "POST", "--header", type, "--data", "", url])
      #expect(pressed.status == 200 && pressed.text.contains("The share is confirmed."), "\(pressed.text)")
    }

    /// Takes the share back, and expects that nothing brings it back.
    func revoke(_ url: String) async throws {
      let answer = try await ask("DELETE", "/v2/me/grant?email=bob@example.org", as: owner)
      #expect(answer.status == 200 && answer.text == #"{"status":"success","message":"revoked"}"#)
      try await expectNothing()
      #expect(try await Curl.ask(["--request", "POST", url]).status == 404)
      try await expectNothing()
    }

    /// The link in a mail's text, which stands on a line of its own.
    func link(in text: String) throws -> String {
      let lines = text.split(whereSeparator: \.isNewline).map(String.init)
      return try #require(lines.first { $0.hasPrefix("\(workshop.server.url)/v2/confirm/") }, "\(text)")
    }
  }

  @Test func itIsConfirmedByTheMailInTheOutboxAndEndsWhenItIsTakenBack() async throws {
    let family = try await Family.open()
    try await family.offer()
    try await family.expectNothing()
    let mails = try await family.workshop.json("user", "outbox")["mails"]?.elements ?? []
    #expect(mails.count == 1 && mails[0]["to"]?.text == "bob@example.org")
    #expect(mails[0]["subject"]?.text == "ada@example.org wants to share with you")
    let url = try family.link(in: try #require(mails[0]["text"]?.text))
    // The text for people has it too.
    #expect(try await family.workshop.command("user", "outbox").contains(url))
    try await family.confirm(url)
    try await family.expectAccess()
    try await family.revoke(url)
  }

  @Test func itSurvivesAPowerCutAndSoDoesItsEnd() async throws {
    let family = try await Family.open()
    try await family.offer()
    let mails = try await family.workshop.json("user", "outbox")["mails"]?.elements ?? []
    let url = try family.link(in: try #require(mails.first?["text"]?.text))
    try await family.confirm(url)
    var workshop = family.workshop
    for isShared in [true, false] {
      try await workshop.killAndRestart()
      let again = Family(
        workshop: workshop, device: family.device, thing: family.thing, owner: family.owner, other: family.other)
      if isShared {
        try await again.expectAccess()
        try await again.revoke(url)
      } else {
        try await again.expectNothing()
      }
    }
  }

  @Test(.enabled(if: PythonTools.has("aiosmtpd"), "\(PythonTools.hint)")) func itIsConfirmedByTheMailThatAMailServerGot()
    async throws
  {
    let pair = try CertificatePair(for: "DNS:localhost,IP:127.0.0.1")
    let office = try await PostOffice.open("starttls", pair)
    let family = try await Family.open(serve: [
      "--smtp-url", "smtp://localhost:\(office.port)", "--smtp-ca-file", pair.certificate, "--mail-from",
      "firmament@example.org",
    ])
    try await family.offer()
    try await eventually("the mail") { try office.mails().count == 1 }
    let mail = try #require(try office.mails().first)
    #expect(mail.recipients == ["bob@example.org"] && mail.sender == "firmament@example.org" && mail.tls)
    #expect(mail.defects.isEmpty && mail.subject == "ada@example.org wants to share with you", "\(mail)")
    let url = try family.link(in: mail.text)
    // Once it is delivered, nobody else can read it here.
    try await eventually("the delivery") {
      let mails = try await family.workshop.json("user", "outbox")["mails"]?.elements ?? []
      return mails.count == 1 && mails[0]["deliveredAt"]?.text != nil && mails[0]["text"]?.text == nil
    }
    try await family.confirm(url)
    try await family.expectAccess()
    try await family.revoke(url)
    #expect(try office.mails().count == 1)
  }
}
