import Domain

/// What users do with things: link them, read and write them, and share them (wire page, sections 4.2 to 4.7).
extension Endpoints {
  public static let linkThing = ofUsers(
    "linkThing", .post, "/v2/me/things", "Link a thing: by its token, or by its id where the thing or an operator allowed it",
    request: .body(ThingReference.self), .json(200, LinkedShape.self), errors: [400, 404, 409, 413, 415, 503])
  public static let listMyThings = ofUsers(
    "listMyThings", .get, "/v2/me/things", "The things that the user owns or was shared", .json(200, [MyThing].self))
  public static let unlinkThing = ofUsers(
    "unlinkThing", .delete, "/v2/me/things/{thing}", "Unlink a thing; what was shared of it ends too",
    .json(200, DoneShape.self), errors: [404, 503])
  public static let unlinkNamedThing = ofUsers(
    "unlinkNamedThing", .delete, "/v2/me/things", "The same, with the thing in the query or the body",
    query: [.text("thingId", "The thing's id"), .text("thingToken", "Or its token")],
    .json(200, DoneShape.self), errors: [400, 404, 413, 415, 503])

  public static let listMyResources = ofUsers(
    "listMyResources", .get, "/v2/me/resources", "The names of the resources that the user sees, with their things",
    .json(200, [MyResource].self))
  public static let readMyResource = ofUsers(
    "readMyResource", .get, "/v2/me/resources/{resource}",
    "The newest values by thing id; with `subscribe=true` a stream of them, which may be a WebSocket or server-sent events",
    query: .values + .subscription, .readOrStream([String: [ResourceValueShape]].self),
    also: [.empty(101, "A WebSocket from here on")], errors: [400, 404, 413, 426, 503])
  public static let readMyThingsResource = ofUsers(
    "readMyThingsResource", .get, "/v2/me/resources/{resource}/{thing}", "The newest values of one thing", query: .values,
    .json(200, [ResourceValueShape].self), errors: [400, 404, 413])
  public static let writeMyThingsResource = ofUsers(
    "writeMyThingsResource", .post, "/v2/me/resources/{resource}/{thing}", "Write values from an app; only the owner may",
    request: .body(AppWrite.self), .json(201, CreatedShape.self), errors: [400, 403, 404, 413, 415, 503])
  public static let describeMyThing = ofUsers(
    "describeMyThing", .put, "/v2/me/resources/{resource}/{thing}",
    "Replace the thing's description, which is the only `resource` that is a document; only the owner may",
    request: .body([String: JSONValue].self), .json(200, DoneShape.self), errors: [400, 403, 404, 413, 415, 503])

  public static let grant = ofUsers(
    "grant", .put, "/v2/me/grant",
    "Grant the app access; with `email` share with another user, who confirms by a mail; with two empty lists take it back",
    request: .body(GrantRequest.self), .json(200, DoneShape.self), errors: [400, 404, 413, 415, 429, 503])
  public static let listGrants = ofUsers(
    "listGrants", .get, "/v2/me/grant", "What the user shares with others", .json(200, [ShareShape].self))
  public static let revokeGrant = ofUsers(
    "revokeGrant", .delete, "/v2/me/grant", "Take back what is shared with an e-mail, all of it or one thing",
    query: [.text("email", "The other user's"), .text("thingId", "Only this thing")], .json(200, DoneShape.self),
    errors: [400, 404, 413, 415, 503])

  public static let showShare = confirmation("showShare", .get, "The page on which a share is confirmed", also: [404])
  public static let confirmShare = confirmation("confirmShare", .post, "Confirm a share", also: [404, 409, 503])

  static let sharing = [
    linkThing, listMyThings, unlinkThing, unlinkNamedThing, listMyResources, readMyResource, readMyThingsResource,
    writeMyThingsResource, describeMyThing, grant, listGrants, revokeGrant, showShare, confirmShare,
  ]

  public static let allowLink = Endpoint.operators(
    "allowLink", .put, "/api/v1/things/{thing}/link", "Let a user link the thing by its id for a day, or forbid it",
    request: .body(LinkAllowance.self), answers: LinkAllowanceShape.self, problems: [404])
  public static let endLink = Endpoint.operators(
    "endLink", .delete, "/api/v1/things/{thing}/link", "Take the thing from its owner", answers: ThingShape.self,
    problems: [404])

  static let links = [allowLink, endLink]

  private static func confirmation(_ id: String, _ method: Endpoint.Method, _ summary: String, also: [Int]) -> Endpoint {
    Endpoint(
      id: id, method: method, template: "/v2/confirm/{token}", access: .anyone, summary: summary, query: [], request: nil,
      answers: ([200] + also).map { .bytes($0, "A page", "text/html") })
  }
}

extension [Endpoint.Query] {
  /// What turns a read into a stream.
  static let subscription: Self = [
    .flag("subscribe", "Whether to answer with a stream"),
    Endpoints.keepAlive,
    .text("sessionToken", "The session, where a browser can set no header"),
  ]
}
