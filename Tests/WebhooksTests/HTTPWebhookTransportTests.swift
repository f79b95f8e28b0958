import Domain
import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Webhooks

@Suite("A delivery", .timeLimit(.minutes(10))) struct HTTPWebhookTransportTests {
  static let secret = Array("0123456789abcdef0123456789abcdef".utf8)
  static let body = #"{"id":1,"event":"halted","details":{"ä":"\"x\""}}"#

  static func delivery(_ url: String, body: String = body) -> OutgoingWebhook {
    OutgoingWebhook(
      id: "w_7", url: url, body: Array(body.utf8), at: Timestamp(milliseconds: 1_750_000_000_999), secret: secret)
  }

  private func transport(whole: Int = 15, privately: Bool = true) -> HTTPWebhookTransport {
    var limits = HTTPWebhookTransport.Limits()
    limits.whole = whole
    return HTTPWebhookTransport(allowsPrivateAddresses: privately, limits: limits)
  }

  private func failure(_ receiver: Receiver, path: String = "/", whole: Int = 1) async -> WebhookError.Code? {
    do {
      let status = try await transport(whole: whole).send(Self.delivery(receiver.url + path))
      Issue.record("it was answered with \(status)")
      return nil
    } catch {
      return (error as? WebhookError)?.code
    }
  }

  @Test func `is one POST with the headers of Standard Webhooks, and its answer's status is told`() async throws {
    let receiver = try Receiver(answer: "HTTP/1.1 204 No Content\r\n\r\n")
    #expect(try await transport().send(Self.delivery(receiver.url + "/hook?x=1")) == 204)
    let request = try #require(receiver.requests.first)
    #expect(request.hasPrefix("POST /hook?x=1 HTTP/1.1\r\n") && request.hasSuffix("\r\n\r\n" + Self.body))
    let lines = Set(request.components(separatedBy: "\r\n").map { $0.lowercased() })
    #expect(lines.isSuperset(of: ["webhook-id: w_7", "webhook-timestamp: 1750000000", "content-type: application/json"]))
    #expect(lines.contains("host: 127.0.0.1:\(receiver.port)"))
    #expect(request.contains("Webhook-Signature: \(Self.delivery("").signature)\r\n"))
    #expect(receiver.requests.count == 1)
  }

  @Test func `carries a signature that Python's hmac makes too, by the secret as people see it`() throws {
    let text = OutgoingWebhook.text(ofSecret: Self.secret)
    #expect(text.hasPrefix("whsec_"))
    let arguments = [
      "-c",
      """
      import base64, hashlib, hmac, sys
      secret, signed = base64.b64decode(sys.argv[1].removeprefix("whsec_")), sys.argv[2].encode()
      print("v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode(), end="")
      """, text, "w_7.1750000000.\(Self.body)",
    ]
    let output = Pipe()
    let process = try ChildProcess("python3", arguments, output: .pipe(output))
    let signature = String(decoding: output.everything(), as: UTF8.self)
    #expect(process.wait() == 0)
    #expect(signature == Self.delivery("").signature)
  }

  @Test(arguments: [200, 302, 404, 410, 500])
  func `has the status that was answered, and follows nowhere`(status: Int) async throws {
    let elsewhere = try Receiver(answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    let receiver = try Receiver(
      answer: "HTTP/1.1 \(status) X\r\nLocation: \(elsewhere.url)/\r\nContent-Length: 2\r\n\r\nok")
    #expect(try await transport().send(Self.delivery(receiver.url)) == status)
    #expect(elsewhere.requests.isEmpty)
  }

  @Test func `does not wait for a receiver that never answers`() async throws {
    #expect(await failure(try Receiver(answer: "")) == .timeout)
    #expect(await failure(try Receiver(answer: "HTTP/1.1 200 OK\r\nX-Endless: ", repeating: "", closes: false)) == .timeout)
  }

  @Test func `does not read an endless body`() async throws {
    let receiver = try Receiver(
      answer: "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n", repeating: String(repeating: "x", count: 4096))
    #expect(try await transport().send(Self.delivery(receiver.url)) == 200)
    // One that stops in the middle of a body has said enough too.
    let silent = try Receiver(answer: "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx")
    #expect(try await transport(whole: 1).send(Self.delivery(silent.url)) == 200)
  }

  @Test func `does not take garbage, endless headers or a closed connection for an answer`() async throws {
    #expect(await failure(try Receiver(answer: "SSH-2.0-OpenSSH_9.2\r\n")) == .connection)
    #expect(await failure(try Receiver(answer: "\u{0}\u{1}\u{2}\r\n\r\n")) == .connection)
    #expect(await failure(try Receiver(answer: "", closes: true)) == .connection)
    let endless = try Receiver(answer: "HTTP/1.1 200 OK\r\n", repeating: "X-A: \(String(repeating: "a", count: 1000))\r\n")
    #expect(await failure(endless, whole: 5) == .connection)
  }

  @Test func `is not made where nobody listens, or the name is none`() async throws {
    let port = try Receiver(answer: "").port
    let gone = Self.delivery("http://127.0.0.1:\(port)/")
    await #expect(throws: WebhookError.self) { try await transport().send(gone) }
    do {
      _ = try await transport().send(Self.delivery("http://nobody.invalid/"))
      Issue.record("a name that is none was found")
    } catch { #expect((error as? WebhookError)?.code == .unresolved) }
  }

  @Test(arguments: ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "0"])
  func `is not made to a private address, however it is written`(host: String) async throws {
    let receiver = try Receiver(answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    do {
      _ = try await transport(privately: false).send(Self.delivery("http://\(host):\(receiver.port)/"))
      Issue.record("\(host) was called")
    } catch { #expect((error as? WebhookError)?.code == .privateAddress, "\(error)") }
    #expect(receiver.requests.isEmpty)
  }

  @Test func `goes to the address that its name was looked at for`() async throws {
    let receiver = try Receiver(answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    #expect(try await transport().send(Self.delivery("http://localhost:\(receiver.port)/")) == 200)
    #expect(receiver.requests.first?.lowercased().contains("host: localhost:\(receiver.port)\r\n") == true)
  }

  @Test func `is broken off with its task`() async throws {
    let receiver = try Receiver(answer: "")
    let (transport, url) = (transport(), receiver.url)
    let sending = Task { try await transport.send(Self.delivery(url)) }
    await receiver.received()
    sending.cancel()
    await #expect(throws: CancellationError.self) { _ = try await sending.value }
  }
}
