import APIContract
import Domain
import Testing

@testable import HTTPAPI

/// Webhooks and what happens to rollouts, held against the document.
extension DocumentedJourney {
  func webhooks(_ test: TestService) async throws {
    let all = Array(#"{"url":"https://hooks.example.org/x"}"#.utf8)
    let some = Array(#"{"url":"https://hooks.example.org/x","events":["halted"],"models":["lamp"]}"#.utf8)
    let created = try await call(Endpoints.createWebhook, "/api/v1/webhooks", 201, body: all)
    #expect(created["secret"]?.text?.hasPrefix("whsec_") == true && created["events"] == nil)
    try await call(Endpoints.createWebhook, "/api/v1/webhooks", 201, body: some)
    for body in [
      #"{"url":"ftp://x"}"#, #"{"url":"http://127.0.0.1/"}"#, #"{"url":"http://localhost/"}"#, "{}",
      #"{"url":"https://x.example","events":["none"]}"#, #"{"url":"https://x.example","events":["progressed"]}"#,
      #"{"url":"https://x.example","events":[]}"#, #"{"url":"https://x.example","models":[]}"#,
    ] { try await call(Endpoints.createWebhook, "/api/v1/webhooks", 400, body: Array(body.utf8)) }
    let unknown = Array(#"{"url":"https://x.example","models":["none"]}"#.utf8)
    try await call(Endpoints.createWebhook, "/api/v1/webhooks", 404, body: unknown)

    let list = try await call(Endpoints.listWebhooks, "/api/v1/webhooks?limit=1", 200)
    #expect(Self.entries(list, "webhooks").first?["models"] == .array([.string("lamp")]))
    #expect(Self.entries(list, "webhooks").first?["secret"] == nil)
    try await call(Endpoints.listWebhooks, "/api/v1/webhooks?after=\(list["next"]?.text ?? "")", 200)
    try await call(Endpoints.listWebhooks, "/api/v1/webhooks?after=x", 400)

    let id = created["id"]?.text ?? ""
    let rollout = try await test.draft()
    try await test.happens(.halted, to: rollout)
    try await call(Endpoints.testWebhook, Endpoints.testWebhook.path(id), 202)
    try await call(Endpoints.testWebhook, Endpoints.testWebhook.path("none"), 404)
    let deliveries = try await call(Endpoints.listDeliveries, Endpoints.listDeliveries.path(id), 200)
    #expect(Self.entries(deliveries, "deliveries").map { $0["event"]?.text } == ["test", "halted", "created"])
    try await call(Endpoints.listDeliveries, Endpoints.listDeliveries.path("none"), 404)
    try await call(Endpoints.deleteWebhook, Endpoints.deleteWebhook.path(id), 200)
    try await call(Endpoints.deleteWebhook, Endpoints.deleteWebhook.path(id), 404)
    let audit = try await call(Endpoints.listAudit, "/api/v1/audit?limit=3", 200)
    #expect(
      Self.entries(audit, "entries").map { $0["action"]?.text }
        == ["webhook.delete", "webhook.test", "rollout.create"])

    try await call(Endpoints.listenToRollout, Endpoints.listenToRollout.path(rollout) + "?after=0", 200)
    try await call(Endpoints.listenToRollout, Endpoints.listenToRollout.path(rollout) + "?after=x", 400)
    try await call(Endpoints.listenToRollout, Endpoints.listenToRollout.path("none"), 404)
  }
}
