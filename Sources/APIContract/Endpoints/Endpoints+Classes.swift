import Domain

/// The users' object store (wire page, section 4.8): JSON objects by their `_id`, in collections.
extension Endpoints {
  private static let collection = "/v2/classes/me/{collection}"
  private static let object = "/v2/classes/me/{collection}/{key}"

  public static let createObject = ofUsers(
    "createObject", .post, collection, "Store an object under its `_id`, or under a random one",
    request: .body([String: JSONValue].self),
    .json(201, ObjectCreatedShape.self), errors: [400, 409, 413, 415])
  public static let createObjectByKey = ofUsers(
    "createObjectByKey", .post, object, "Store an object under this key", request: .body([String: JSONValue].self),
    .json(201, ObjectCreatedShape.self), errors: [400, 409, 413, 415])
  public static let listObjects = ofUsers(
    "listObjects", .get, collection,
    "The objects of a collection, sorted by `_id`, last first; with `subscribe=true` a stream of their changes, which may be a "
      + "WebSocket or server-sent events",
    query: [
      .init(name: "limit", summary: "At most so many; without it, all", schema: .integer),
      .text("before", "Only those whose `_id` sorts before this one: the last of the page before"),
    ] + .subscription, .readOrStream([JSONValue].self), also: [.empty(101, "A WebSocket from here on")],
    errors: [400, 413, 426, 503])
  public static let readObject = ofUsers(
    "readObject", .get, object, "One object", .json(200, JSONValue.self), errors: [400, 404])
  public static let updateObject = ofUsers(
    "updateObject", .put, object, "Merge into an object (RFC 7396: null deletes)", request: .body([String: JSONValue].self),
    .json(200, DoneShape.self), errors: [400, 404, 413, 415])
  /// The first parameter has the name that it has in the other paths below `things`, but is a collection.
  public static let updateObjectByOldPath = ofUsers(
    "updateObjectByOldPath", .put, "/v2/things/{token}/{key}",
    "The same as PUT /v2/classes/me/{token}/{key}; not for keys that mean something below a thing, such as `resources`",
    request: .body([String: JSONValue].self), .json(200, DoneShape.self), errors: [400, 404, 413, 415])
  public static let deleteObject = ofUsers(
    "deleteObject", .delete, object, "Delete one object", .json(200, DoneShape.self), errors: [400, 404])
  public static let deleteCollection = ofUsers(
    "deleteCollection", .delete, collection, "Delete all objects of a collection", .json(200, DoneShape.self), errors: [400])

  static let classes = [
    createObject, createObjectByKey, listObjects, readObject, updateObject, updateObjectByOldPath, deleteObject,
    deleteCollection,
  ]
}
