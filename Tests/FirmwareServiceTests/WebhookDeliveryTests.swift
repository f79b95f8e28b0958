import Domain
import Foundation
import ServiceLifecycle
import Synchronization
import TestSupport
import Testing
import Webhooks

@testable import Catalog
@testable import FirmwareService

/// A way for deliveries that ends in memory, as it is told to end.
private final class ScriptedTransport: WebhookTransport {
  private let answer: @Sendable (OutgoingWebhook) async throws -> Int
  private let all = Mutex<[OutgoingWebhook]>([])
  private let tried: AsyncStream<OutgoingWebhook>.Continuation
  let attempts: AsyncStream<OutgoingWebhook>

  init(_ answer: @escaping @Sendable (OutgoingWebhook) async throws -> Int = { _ in 200 }) {
    self.answer = answer
    (attempts, tried) = AsyncStream.makeStream()
  }

  var sent: [OutgoingWebhook] { all.withLock { $0 } }

  func send(_ delivery: OutgoingWebhook) async throws -> Int {
    all.withLock { $0.append(delivery) }
    tried.yield(delivery)
    return try await answer(delivery)
  }
}

@Suite("Deliveries to webhooks", .timeLimit(.minutes(10))) struct WebhookDeliveryTests {
  private func webhook(_ test: TestService, _ url: String = "https://hooks.example.org/a") async throws -> Webhook {
    try await test.service.createWebhook(url: url, events: nil, models: nil, by: "op").webhook
  }

  @discardableResult
  private func happens(_ test: TestService, _ kind: RolloutEvent.Kind = .halted) async throws -> RolloutEvent {
    let event = RolloutEvent(rolloutID: "r", model: "lamp", at: test.clock.now, kind: kind, details: ["b": "2", "a": "\"1\""])
    let stored = try await test.catalog.write { try Catalog.insert(event, $0) }
    test.service.tell([stored])
    return stored
  }

  private func log(_ test: TestService, _ webhook: Webhook) async throws -> [WebhookDelivery] {
    try await test.service.listDeliveries(to: webhook.publicID, PageRequest(limit: nil, after: nil)).entries
  }

  /// Runs the delivery while `body` does something.
  private func delivering(
    _ test: TestService, _ transport: any WebhookTransport, _ body: () async throws -> Void
  ) async throws {
    let group = ServiceGroup(
      configuration: .init(
        services: [WebhookWorker(service: test.service, transport: transport)], logger: test.service.log))
    let running = Task { try await group.run() }
    try await body()
    await group.triggerGracefulShutdown()
    try await running.value
  }

  @Test func `are made at once, in order, and say what happened`() async throws {
    let test = try await TestService()
    let hook = try await webhook(test)
    try await happens(test, .created)
    let transport = ScriptedTransport()
    var attempts = transport.attempts.makeAsyncIterator()
    try await delivering(test, transport) {
      #expect(await attempts.next()?.id == "\(hook.publicID)_1")
      for number in 2...20 {
        try await happens(test, .stageOpened)
        #expect(await attempts.next()?.id == "\(hook.publicID)_\(number)")
      }
    }
    let first = try #require(transport.sent.first)
    #expect(first.url == "https://hooks.example.org/a" && first.at == test.clock.now)
    #expect(
      String(decoding: first.body, as: UTF8.self)
        == #"{"id":1,"event":"created","rollout":"r","model":"lamp","at":"2025-06-15T15:06:40.000Z","#
        + #""details":{"a":"\"1\"","b":"2"}}"#)
    let log = try await log(test, hook)
    #expect(log.count == 20 && log.allSatisfy { $0.deliveredAt == test.clock.now && $0.status == 200 && $0.attempts == 1 })
  }

  @Test func `are tried again, later each time, under the same id, and given up after twelve attempts`() async throws {
    let test = try await TestService()
    let hook = try await webhook(test)
    try await happens(test)
    let transport = ScriptedTransport { _ in 503 }
    var waits: [Double] = []
    while let next = try await test.service.deliverWebhooks(by: transport) {
      let milliseconds = next.milliseconds - test.clock.now.milliseconds
      waits.append(Double(milliseconds) / 1000)
      #expect(try await log(test, hook)[0].failure == "the receiver answered 503")
      // Nothing happens before.
      test.clock.advance(seconds: milliseconds / 1000)
      if milliseconds % 1000 > 0 {
        let before = transport.sent.count
        #expect(try await test.service.deliverWebhooks(by: transport) == next)
        #expect(transport.sent.count == before)
        test.clock.advance(seconds: 1)
      }
    }
    #expect(transport.sent.count == 12 && Set(transport.sent.map(\.id)).count == 1)
    #expect(Set(transport.sent.map(\.body)).count == 1)
    #expect(Set(transport.sent.map(\.signature)).count == 12)
    let wanted: [Double] = [5, 15, 45, 135, 405, 1215, 3645, 10_935, 18_000, 18_000, 18_000]
    #expect(waits.count == wanted.count)
    for (wait, wanted) in zip(waits, wanted) { #expect((wanted...wanted * 1.2).contains(wait), "\(wait)") }
    let end = try await log(test, hook)[0]
    #expect(end.attempts == 12 && end.nextAttemptAt == nil && end.deliveredAt == nil && end.status == 503)
    test.clock.advance(seconds: 30 * 86_400 + 1)
    try await test.service.forgetOldDeliveries()
    #expect(try await log(test, hook).isEmpty)
  }

  @Test func `of many that failed together do not come back together`() {
    let now = Timestamp(milliseconds: 0)
    let times = (1...1000).compactMap { WebhookBackOff.nextAttempt(after: 1, of: $0, at: now)?.milliseconds }
    #expect(times.allSatisfy { (5000...6000).contains($0) } && Set(times).count > 500)
    #expect(WebhookBackOff.nextAttempt(after: 11, of: 1, at: now)!.milliseconds <= 6 * 3_600_000)
    #expect(WebhookBackOff.nextAttempt(after: 12, of: 1, at: now) == nil)
  }

  @Test func `to a receiver that is gone end, with those that wait`() async throws {
    let test = try await TestService()
    let hook = try await webhook(test)
    for _ in 0..<3 { try await happens(test) }
    let transport = ScriptedTransport { _ in 410 }
    #expect(try await test.service.deliverWebhooks(by: transport) == nil)
    try await happens(test)
    #expect(try await test.service.deliverWebhooks(by: transport) == nil)
    #expect(transport.sent.count == 1)
    let log = try await log(test, hook)
    #expect(log.count == 3 && log.allSatisfy { $0.failure == "the receiver answered 410: the webhook is disabled" })
    #expect(try await test.service.listWebhooks(PageRequest(limit: nil, after: nil)).entries[0].disabledAt == test.clock.now)
    await expectRefusal(.retired) { _ = try await test.service.testWebhook(hook.publicID, by: "ada") }
  }

  @Test func `to one receiver that hangs do not keep the others waiting, also those that come meanwhile`() async throws {
    let test = try await TestService()
    _ = try await webhook(test, "https://hangs.example.org/")
    _ = try await webhook(test, "https://answers.example.org/")
    try await happens(test, .created)
    let transport = ScriptedTransport { delivery in
      if delivery.url.contains("hangs") { try await Task.sleep(for: .seconds(86_400)) }
      return 200
    }
    var attempts = transport.attempts.makeAsyncIterator()
    try await delivering(test, transport) {
      _ = await attempts.next()
      _ = await attempts.next()
      for _ in 0..<10 {
        try await happens(test)
        #expect(await attempts.next()?.url == "https://answers.example.org/")
      }
    }
    #expect(transport.sent.filter { $0.url.contains("hangs") }.count == 1)
    // Nobody knows what became of it, so it is still due.
    #expect(try await test.catalog.nextDeliveryAttempt() == test.clock.now)
  }

  @Test func `are made to some webhooks at a time, each getting its turn`() async throws {
    let test = try await TestService()
    for number in 0..<20 { _ = try await webhook(test, "https://h\(number).example.org/") }
    for _ in 0..<3 { try await happens(test) }
    let inHand = Mutex<(now: Int, most: Int)>((0, 0))
    let transport = ScriptedTransport { _ in
      inHand.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
      await Task.yield()
      inHand.withLock { $0.now -= 1 }
      return 500
    }
    _ = try await test.service.deliverWebhooks(by: transport)
    #expect(transport.sent.count == 60 && inHand.withLock { $0.most } <= FirmwareService.webhooksAtOnce)
    for number in 0..<20 {
      let sent = transport.sent.filter { $0.url == "https://h\(number).example.org/" }
      let ids = sent.compactMap { $0.id.split(separator: "_").last.flatMap { Int($0) } }
      #expect(ids.count == 3 && ids == ids.sorted())
    }
  }

  @Test func `are not lost by a crash, and come with the same id and a signature by the same secret`() async throws {
    let test = try await TestService()
    let hook = try await webhook(test)
    try await happens(test)
    let broken = ScriptedTransport { _ in
      try await Task.sleep(for: .seconds(86_400))
      return 200
    }
    var attempts = broken.attempts.makeAsyncIterator()
    try await delivering(test, broken) { _ = await attempts.next() }
    let again = try await test.restarted()
    let transport = ScriptedTransport()
    #expect(try await again.service.deliverWebhooks(by: transport) == nil)
    #expect(transport.sent.map(\.signature) == broken.sent.map(\.signature) && transport.sent[0].id == "\(hook.publicID)_1")
  }

  @Test func `go over real sockets, signed by the secret that was told`() async throws {
    let test = try await TestService { $0.webhookPrivateAddresses = true }
    let receiver = try Receiver { number in
      number == 0 ? "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 204 Yes\r\n\r\n"
    }
    let (hook, secret) = try await test.service.createWebhook(url: receiver.url, events: nil, models: nil, by: "op")
    _ = try await test.service.testWebhook(hook.publicID, by: "ada")
    let transport = HTTPWebhookTransport(allowsPrivateAddresses: true)
    #expect(try await test.service.deliverWebhooks(by: transport) != nil)
    test.clock.advance(seconds: 6)
    #expect(try await test.service.deliverWebhooks(by: transport) == nil)
    #expect(try await log(test, hook).map(\.status) == [204])
    let key = try #require(Data(base64Encoded: String(secret.dropFirst("whsec_".count))))
    let body = #"{"id":0,"event":"test","rollout":"","model":"","at":"2025-06-15T15:06:40.000Z","details":{}}"#
    for (request, time) in zip(receiver.requests, [1_750_000_000, 1_750_000_006] as [Int64]) {
      let signed = OutgoingWebhook(
        id: "\(hook.publicID)_1", url: "", body: Array(body.utf8), at: Timestamp(milliseconds: time * 1000), secret: Array(key))
      #expect(request.hasSuffix("\r\n\r\n" + body) && request.contains("Webhook-Signature: \(signed.signature)\r\n"))
    }
  }

  @Test func `are refused to private addresses as long as nobody allows them`() async throws {
    let test = try await TestService()
    await expectRefusal(.malformed) { _ = try await webhook(test, "http://127.0.0.1/") }
    let receiver = try Receiver(answer: "HTTP/1.1 200 OK\r\n\r\n")
    // A name is looked at when it is called.
    let open = try await TestService { $0.webhookPrivateAddresses = true }
    let hook = try await webhook(open, "http://localhost:\(receiver.port)/")
    try await happens(open)
    #expect(try await open.service.deliverWebhooks(by: HTTPWebhookTransport(allowsPrivateAddresses: false)) != nil)
    #expect(receiver.requests.isEmpty)
    #expect(try await log(open, hook)[0].failure?.contains("no public address") == true)
  }
}
