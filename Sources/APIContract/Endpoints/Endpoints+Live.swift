/// What streams: messages come as long as the connection lives.
extension Endpoints {
  public static let subscribeThing = ofThings(
    "subscribeThing", .get, "/v2/things/{token}",
    "Listen to everything that is written by the thing or for it: a chunked stream with one JSON text a chunk, server-sent "
      + "events with `Accept: text/event-stream`, or WebSocket text frames after an upgrade",
    query: [keepAlive], .json(200, SubscribedShape.self, "The first message; arrays of values and `{}` follow"),
    also: [.empty(101, "The same as WebSocket frames")], errors: [400, 404, 426, 503])

  /// The query parameter of every stream.
  static let keepAlive = Endpoint.Query(
    name: "keepAlive", summary: "Milliseconds without a message after which `{}` is sent; at least 100, 60000 by default",
    schema: .integer)

  static let live = [subscribeThing]
}
