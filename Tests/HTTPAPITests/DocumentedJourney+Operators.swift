import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

/// Who may do what, held against the document.
extension DocumentedJourney {
  func operators() async throws {
    let path = "/api/v1/operators"
    let body = #"{"name":"carol","role":"viewer","models":["lamp"],"expiresIn":60}"#
    let made = try await call(Endpoints.createOperator, path, 201, body: Array(body.utf8))
    try await call(Endpoints.createOperator, path, 400, body: Array(#"{"name":"carol","role":"king"}"#.utf8))
    try await call(
      Endpoints.createOperator, path, 404, body: Array(#"{"name":"carol","role":"viewer","models":["none"]}"#.utf8))
    try await call(Endpoints.createOperator, path, 409, body: Array(#"{"name":"ada","role":"viewer"}"#.utf8))
    let viewer: HTTPFields = [.authorization: "Bearer \(made["token"]?.text ?? "")"]
    try await call(Endpoints.showOperator, "/api/v1/operator", 200, headers: viewer)
    for endpoint in Endpoints.all where endpoint.access == .operators && endpoint.neededRole > .viewer {
      let path = endpoint.template.replacing("{", with: "").replacing("}", with: "")
      try await call(endpoint, path, 403, headers: viewer)
    }
    try await call(Endpoints.listOperators, path, 200)
    let id = made["id"]?.text ?? ""
    try await call(Endpoints.revokeOperator, Endpoints.revokeOperator.path(id), 200)
    try await call(Endpoints.revokeOperator, Endpoints.revokeOperator.path("none"), 404)
    try await call(Endpoints.revokeOperator, Endpoints.revokeOperator.path("1"), 409)
    try await call(Endpoints.showOperator, "/api/v1/operator", 401, headers: viewer)
    for endpoint in Endpoints.all where endpoint.access == .operators {
      #expect(role(of: endpoint) == endpoint.neededRole.rawValue)
    }
  }

  func sessions(_ test: TestService) async throws {
    let path = BrowserSession.path
    let (json, token): (HTTPFields, _) = ([.contentType: "application/json"], Array(#"{"token":"\#(TestService.token)"}"#.utf8))
    try await call(Endpoints.openOperatorSession, path, 201, body: token, headers: json)
    try await call(Endpoints.openOperatorSession, path, 400, body: Array("{}".utf8), headers: json)
    try await call(Endpoints.openOperatorSession, path, 401, body: Array(#"{"token":"x"}"#.utf8), headers: json)
    try await call(Endpoints.openOperatorSession, path, 415, body: token)
    let opened = try await test.service.openOperatorSession(token: TestService.token, address: "")
    let cookie = "firmament-session=\(opened.secret)"
    let shown = try await call(Endpoints.showOperatorSession, path, 200, headers: [.cookie: cookie])
    try await call(Endpoints.showOperatorSession, path, 401)
    try await call(
      Endpoints.showStatus, "/api/v1/status", 200, headers: [.cookie: cookie, .authorization: "Bearer \(TestService.token)"])
    try await call(Endpoints.endOperatorSession, path, 403, headers: [.cookie: cookie])
    let csrf = shown["csrf"]?.text ?? ""
    try await call(Endpoints.endOperatorSession, path, 204, headers: [.cookie: cookie, .csrfToken: csrf])
    try await call(Endpoints.endOperatorSession, path, 401, headers: [.cookie: cookie, .csrfToken: csrf])
  }

  func history(of thing: String) async throws {
    let history = try await call(Endpoints.showHistory, Endpoints.showHistory.path(thing) + "?limit=3", 200)
    #expect(Self.entries(history, "entries").count == 3)
    try await call(Endpoints.showHistory, Endpoints.showHistory.path(thing) + "?after=x", 400)
    try await call(Endpoints.showHistory, Endpoints.showHistory.path("none"), 404)
    let newest = try await call(Endpoints.showNewestValues, Endpoints.showNewestValues.path(thing), 200)
    #expect(Self.entries(newest, "resources").contains { $0["key"]?.text == "led" })
    try await call(Endpoints.showNewestValues, Endpoints.showNewestValues.path("none"), 404)
    let values = try await call(Endpoints.showValues, Endpoints.showValues.path(thing, "led") + "?limit=5", 200)
    #expect(values["key"]?.text == "led" && Self.entries(values, "values").first?["value"] == .integer(1))
    try await call(Endpoints.showValues, Endpoints.showValues.path(thing, "led") + "?from=x", 400)
    try await call(Endpoints.showValues, Endpoints.showValues.path(thing, "none"), 404)
    try await call(Endpoints.listAudit, "/api/v1/audit?subject=\(thing)&actor=ada&action=thing.rotateToken", 200)
  }

  func settings() async throws {
    let path = Endpoints.setModel.path("lamp")
    try await call(Endpoints.setModel, path, 200, body: Array(#"{"fourEyes":true,"pollInterval":60}"#.utf8))
    try await call(Endpoints.setModel, path, 400, body: Array(#"{"pollInterval":0}"#.utf8))
    try await call(Endpoints.setModel, Endpoints.setModel.path("none"), 404, body: Array(#"{"fourEyes":true}"#.utf8))
    try await call(Endpoints.setModel, path, 200, body: Array(#"{"fourEyes":false}"#.utf8))
    try await call(Endpoints.setModel, path, 404, body: Array(#"{"modules":{"none":{"part":"os"}}}"#.utf8))
    let gateway = Endpoints.gatewayToken.path("lamp")
    try await call(Endpoints.gatewayToken, gateway, 200, body: Array("{}".utf8))
    try await call(Endpoints.gatewayToken, gateway, 200, body: Array(#"{"rotate":true,"overlap":60}"#.utf8))
    try await call(Endpoints.gatewayToken, gateway, 400, body: Array(#"{"overlap":60}"#.utf8))
    try await call(Endpoints.gatewayToken, Endpoints.gatewayToken.path("none"), 404, body: Array("{}".utf8))
  }
}
