import APIContract
import Domain
import HTTPTypes
import Testing

@testable import HTTPAPI

/// What users do with things, held against the document.
extension DocumentedJourney {
  /// Leaves the thing with its first user.
  func links(_ thing: String, _ token: String, other: HTTPFields) async throws {
    let (path, things) = (Endpoints.allowLink.path(thing), "/v2/me/things")
    let byID = Array(#"{"thingId":"\#(thing)"}"#.utf8)
    let byToken = Array(#"{"thingToken":"\#(token)"}"#.utf8)
    try await call(Endpoints.allowLink, path, 200, body: Array(#"{"allow":false}"#.utf8))
    try await call(Endpoints.allowLink, path, 400, body: Array("{}".utf8))
    try await call(Endpoints.allowLink, Endpoints.allowLink.path("none"), 404, body: Array(#"{"allow":true}"#.utf8))
    try await call(Endpoints.linkThing, things, 404, body: byID)
    try await call(Endpoints.linkThing, things, 400, body: Array("{}".utf8))
    try await call(Endpoints.linkThing, things, 415, body: [0x80], headers: [.contentType: "application/msgpack"])
    try await call(Endpoints.allowLink, path, 200, body: Array(#"{"allow":true}"#.utf8))
    try await call(Endpoints.linkThing, things, 200, body: byID)
    try await call(Endpoints.linkThing, things, 409, body: byToken, headers: other)
    try await call(Endpoints.listMyThings, things, 200)
    try await call(Endpoints.unlinkNamedThing, things, 400, body: Array("{}".utf8))
    try await call(Endpoints.unlinkNamedThing, things, 404, body: byToken, headers: other)
    try await call(Endpoints.unlinkNamedThing, things, 200, body: byToken)
    try await call(Endpoints.endLink, path, 200)
    try await call(Endpoints.endLink, Endpoints.endLink.path("none"), 404)
    try await call(Endpoints.linkThing, things, 200, body: byToken)
    try await call(Endpoints.unlinkThing, Endpoints.unlinkThing.path(thing), 404, headers: other)
    try await call(Endpoints.unlinkThing, Endpoints.unlinkThing.path(thing), 200)
    try await call(Endpoints.linkThing, things, 200, body: byToken)
  }

  func myResources(_ thing: String, _ token: String) async throws {
    let (led, description) = ("/v2/me/resources/led", Endpoints.describeMyThing.path("description", thing))
    let values = Array(#"{"values":[{"value":1,"geo":{"lat":1,"long":2}}]}"#.utf8)
    try await call(Endpoints.writeMyThingsResource, "\(led)/\(thing)", 201, body: values)
    try await call(Endpoints.writeMyThingsResource, "\(led)/\(thing)", 400, body: Array("{}".utf8))
    try await call(Endpoints.writeMyThingsResource, "\(led)/none", 404, body: values)
    try await call(Endpoints.writeMyThingsResource, "/v2/me/resources/$link/\(thing)", 403, body: values)
    try await call(Endpoints.listMyResources, "/v2/me/resources", 200)
    try await call(Endpoints.readMyResource, led + "?limit=2", 200)
    try await call(Endpoints.readMyResource, led + "?subscribe=true", 200)
    try await call(Endpoints.readMyResource, led + "?startDate=x", 400)
    try await call(Endpoints.readMyResource, "/v2/me/resources/none", 404)
    try await call(Endpoints.readMyThingsResource, "\(led)/\(thing)?limit=2", 200)
    try await call(Endpoints.readMyThingsResource, "\(led)/\(thing)?endDate=x", 400)
    try await call(Endpoints.readMyThingsResource, "\(led)/none", 404)
    try await call(Endpoints.describeMyThing, description, 200, body: Array(#"{"name":"x"}"#.utf8))
    try await call(Endpoints.describeMyThing, description, 400, body: Array("7".utf8))
    try await call(Endpoints.describeMyThing, "\(led)/\(thing)", 404, body: Array("{}".utf8))
    try await call(Endpoints.readMyResource, "/v2/me/resources/description", 200)
  }

  func shares(_ thing: String, other: HTTPFields, _ test: TestService) async throws {
    let path = "/v2/me/grant"
    try await call(Endpoints.grant, path, 200, body: Array(#"{"resources":["led"],"things":["\#(thing)"]}"#.utf8))
    try await call(Endpoints.grant, path, 400, body: Array("{}".utf8))
    try await call(Endpoints.grant, path, 404, body: Array(#"{"things":["none"],"email":"bob@example.com"}"#.utf8))
    var pages: [String] = []
    for name in ["nobody", "bob"] {
      try await call(
        Endpoints.grant, path, 200, body: Array(#"{"things":["\#(thing)"],"email":"\#(name)@example.com"}"#.utf8))
      let mails = try await call(Endpoints.listMails, "/api/v1/mails?limit=1", 200)
      let text = Self.entries(mails, "mails").first?["text"]?.text ?? ""
      let start = try #require(text.firstRange(of: "/v2/confirm/"))
      pages.append(String(text[start.lowerBound...].prefix { !$0.isWhitespace }))
    }
    try await call(Endpoints.showShare, pages[1], 200)
    try await call(Endpoints.showShare, "/v2/confirm/none", 404)
    try await call(Endpoints.confirmShare, pages[0], 409)
    try await call(Endpoints.confirmShare, "/v2/confirm/none", 404)
    try await call(Endpoints.confirmShare, pages[1], 200)
    try await call(Endpoints.showShare, pages[1], 200)
    let shares = try await call(Endpoints.listGrants, path, 200)
    guard case .array(let list) = shares else { throw CancellationError() }
    #expect(list.count == 2 && list.contains { $0["confirmedAt"] != nil })
    try await call(Endpoints.listMyThings, "/v2/me/things", 200, headers: other)
    let values = Array(#"{"values":[{"value":1}]}"#.utf8)
    try await call(Endpoints.writeMyThingsResource, "/v2/me/resources/led/\(thing)", 403, body: values, headers: other)
    let description = Endpoints.describeMyThing.path("description", thing)
    try await call(Endpoints.describeMyThing, description, 403, body: Array("{}".utf8), headers: other)
    try await call(Endpoints.revokeGrant, path + "?email=bob@example.com&thingId=none", 404)
    try await call(Endpoints.revokeGrant, path, 400, body: Array("{}".utf8))
    try await call(Endpoints.revokeGrant, path + "?email=bob@example.com", 200)
    try await call(Endpoints.readMyThingsResource, "/v2/me/resources/led/\(thing)", 404, headers: other)
  }
}
