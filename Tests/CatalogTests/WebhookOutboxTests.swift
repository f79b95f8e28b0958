import Domain
import Foundation
import GRDB
import Testing

@testable import Catalog

@Suite("Events of rollouts and their webhooks") struct WebhookOutboxTests {
  private func event(_ kind: RolloutEvent.Kind = .halted, _ model: String = "lamp", rollout: String = "r") -> RolloutEvent {
    RolloutEvent(rolloutID: rollout, model: model, at: .start, kind: kind, details: ["why": "a \"test\""])
  }

  @discardableResult
  private func webhook(
    _ test: TestCatalog, _ name: String, _ kinds: [RolloutEvent.Kind] = [], _ models: [String] = [], most: Int = 100
  ) async throws -> Webhook {
    let new = NewWebhook(publicID: name, url: "http://\(name)/", sealedSecret: [1], kinds: kinds, models: models)
    return try await test.catalog.createWebhook(new, most: most, at: .start, audit: .deed("webhook.create"))
  }

  private func insert(_ test: TestCatalog, _ event: RolloutEvent) async throws -> RolloutEvent {
    try await test.catalog.write { try Catalog.insert(event, $0) }
  }

  private func due(_ test: TestCatalog, _ webhook: Webhook) async throws -> [RolloutEvent.Kind?] {
    try await test.catalog.deliveries(to: webhook.id, after: nil, limit: 100).map { $0.event?.kind }
  }

  @Test func `an event is there with its change and its deliveries, or not at all`() async throws {
    let test = try await TestCatalog()
    let hook = try await webhook(test, "a")
    let event = event()
    await #expect(throws: CatalogError.self) {
      try await test.catalog.write { db in
        _ = try Catalog.insert(event, db)
        throw CatalogError(.missing, "changed my mind")
      }
    }
    #expect(try await test.catalog.rolloutEvents(of: "r", after: 0, limit: 10).isEmpty)
    #expect(try await due(test, hook).isEmpty)
    #expect(try await test.catalog.nextDeliveryAttempt() == nil)
    let stored = try await insert(test, event)
    #expect(stored.id > 0 && stored.details == event.details)
    #expect(try await test.catalog.rolloutEvents(of: "r", after: 0, limit: 10) == [stored])
    let delivery = try #require(try await test.catalog.dueDelivery(to: hook.id, at: .start))
    #expect(delivery.delivery.event == stored && delivery.webhook == hook && delivery.sealedSecret == [1])
  }

  @Test func `only webhooks that ask for the event and the model get it`() async throws {
    let test = try await TestCatalog()
    let all = try await webhook(test, "all")
    let halted = try await webhook(test, "halted", [.halted, .finished])
    let lamps = try await webhook(test, "lamps", [], ["lamp", "a%\"'"])
    let told = [(RolloutEvent.Kind.created, "lamp"), (.halted, "door"), (.finished, "lamp"), (.progressed, "lamp")]
    for (kind, model) in told {
      _ = try await insert(test, event(kind, model))
    }
    _ = try await insert(test, event(.started, "a%\"'"))
    #expect(try await due(test, all) == [.started, .finished, .halted, .created])
    #expect(try await due(test, halted) == [.finished, .halted])
    #expect(try await due(test, lamps) == [.started, .finished, .created])
    // What was only told is not there.
    let stored = try await test.catalog.rolloutEvents(of: "r", after: 0, limit: 10)
    #expect(stored.map(\.kind) == [.created, .halted, .finished, .started])
  }

  @Test func `events are read after a number, each rollout's own, in order`() async throws {
    let test = try await TestCatalog()
    var ids: [Int64] = []
    for _ in 0..<3 {
      ids.append(try await insert(test, event(rollout: "r")).id)
      _ = try await insert(test, event(rollout: "other"))
    }
    #expect(ids == ids.sorted())
    #expect(try await test.catalog.rolloutEvents(of: "r", after: ids[0], limit: 1).map(\.id) == [ids[1]])
    #expect(try await test.catalog.rolloutEvents(of: "r", after: ids[2], limit: 9).isEmpty)
    #expect(try await test.catalog.newestRolloutEvent(of: "r") == ids[2])
    #expect(try await test.catalog.newestRolloutEvent(of: "none") == 0)
  }

  @Test func `attempts are recorded, and the webhook that was tried last comes last`() async throws {
    let test = try await TestCatalog()
    let (one, two) = (try await webhook(test, "one"), try await webhook(test, "two"))
    _ = try await insert(test, event(.started))
    _ = try await insert(test, event(.halted))
    #expect(try await test.catalog.webhooksWithDeliveries(dueAt: .start.adding(seconds: -1)).isEmpty)
    #expect(try await test.catalog.webhooksWithDeliveries(dueAt: .start) == [one.id, two.id])
    let first = try #require(try await test.catalog.dueDelivery(to: one.id, at: .start)).delivery
    #expect(first.event?.kind == .started)
    let again = DeliveryOutcome.again(at: .start.adding(seconds: 9), status: 500, failure: "no")
    try await test.catalog.record(again, ofDelivery: first.id, at: .start)
    #expect(try await test.catalog.webhooksWithDeliveries(dueAt: .start) == [two.id, one.id])
    let second = try #require(try await test.catalog.dueDelivery(to: one.id, at: .start)).delivery
    #expect(second.event?.kind == .halted)
    try await test.catalog.record(.delivered(status: 204), ofDelivery: second.id, at: .start)
    #expect(try await test.catalog.dueDelivery(to: one.id, at: .start) == nil)
    let log = try await test.catalog.deliveries(to: one.id, after: nil, limit: 9)
    #expect(log.map(\.status) == [204, 500] && log.map(\.failure) == [nil, "no"] && log.map(\.attempts) == [1, 1])
    #expect(log.map(\.deliveredAt) == [.start, nil] && log[1].nextAttemptAt == .start.adding(seconds: 9))
    // What has left the queue does not come back.
    try await test.catalog.record(.givenUp(status: nil, failure: "x"), ofDelivery: second.id, at: .start)
    #expect(try await test.catalog.deliveries(to: one.id, after: nil, limit: 1)[0].status == 204)
  }

  @Test func `a webhook whose receiver is gone gets nothing more, a deleted one takes its deliveries along`() async throws {
    let test = try await TestCatalog()
    let (one, two) = (try await webhook(test, "one"), try await webhook(test, "two"))
    for _ in 0..<3 { _ = try await insert(test, event()) }
    let first = try #require(try await test.catalog.dueDelivery(to: one.id, at: .start)).delivery
    try await test.catalog.record(.gone(status: 410, failure: "gone"), ofDelivery: first.id, at: .start)
    _ = try await insert(test, event())
    #expect(try await test.catalog.webhook(publicID: "one")?.disabledAt == .start)
    #expect(try await test.catalog.queueTest(ofWebhook: "one", at: .start, audit: .deed("webhook.test")) == nil)
    let log = try await test.catalog.deliveries(to: one.id, after: nil, limit: 9)
    #expect(log.count == 3 && log.allSatisfy { $0.nextAttemptAt == nil && $0.failure == "gone" })
    #expect(try await due(test, two).count == 4)
    #expect(try await test.catalog.deleteWebhook("two", audit: .deed("webhook.delete"))?.id == two.id)
    #expect(try await test.catalog.deleteWebhook("two", audit: .deed("webhook.delete")) == nil)
    #expect(try await due(test, two).isEmpty)
    #expect(try await test.catalog.integrityProblems().isEmpty)
    // A number is never given twice.
    let last = log[0].id
    #expect(try await test.catalog.forgetDeliveries(endedBefore: .start.adding(seconds: 1)) == 3)
    let three = try await webhook(test, "three")
    let queued = try #require(try await test.catalog.queueTest(ofWebhook: "three", at: .start, audit: .deed("webhook.test")))
    #expect(queued.id > last && queued.event == nil && three.id > two.id)
  }

  @Test func `there are only so many webhooks`() async throws {
    let test = try await TestCatalog()
    try await webhook(test, "one", most: 1)
    await #expect(throws: CatalogError.self) { try await webhook(test, "two", most: 1) }
    #expect(try await test.catalog.webhooks(after: nil, limit: 9).map(\.publicID) == ["one"])
  }
}
