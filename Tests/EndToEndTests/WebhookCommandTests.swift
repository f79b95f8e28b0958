import Domain
import Foundation
import TestSupport
import Testing

/// `firmament webhook`, with the real executable and a receiver beside it.
@Suite struct WebhookCommandTests {
  @Test func aWebhookIsCreatedTriedShownAndDeleted() async throws {
    let receiver = try Receiver { number in
      number == 0 ? "HTTP/1.1 204 Yes\r\n\r\n" : "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"
    }
    let workshop = try await Workshop.open(serve: ["--webhook-private-addresses"])
    let created = try await workshop.json("webhook", "create", receiver.url + "/hook", "--event", "halted")
    let id = try #require(created["id"]?.text)
    #expect(created["secret"]?.text?.hasPrefix("whsec_") == true && created["events"] == .array([.string("halted")]))
    #expect(try await workshop.json("webhook", "test", id)["status"] == .integer(204))
    let request = try #require(receiver.requests.first)
    #expect(request.hasPrefix("POST /hook HTTP/1.1\r\n") && request.contains(#""event":"test""#))
    await #expect(throws: Workshop.CommandFailed.self) { try await workshop.command("webhook", "test", id) }
    let shown = try await workshop.command("webhook", "deliveries", id)
    #expect(shown.contains("500") && shown.contains("204"), "\(shown)")
    #expect(try await workshop.command("webhook", "list").contains(receiver.url + "/hook"))
    #expect(try await workshop.command("webhook", "delete", id).contains("is deleted"))
    #expect(try await workshop.json("webhook", "list")["webhooks"] == .array([]))
  }

  @Test func privateAddressesAreRefusedByDefault() async throws {
    let workshop = try await Workshop.open()
    do {
      try await workshop.command("webhook", "create", "http://127.0.0.1:1/")
      Issue.record("it was taken")
    } catch let error as Workshop.CommandFailed {
      #expect(error.result.errors.contains("--webhook-private-addresses"), "\(error)")
    }
  }
}
