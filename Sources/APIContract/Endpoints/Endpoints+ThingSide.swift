import Domain

/// The thing-side API: the public thethings.iO v2 API as existing device code speaks it.
extension Endpoints {
  public static let activateThing = ofThings(
    "activateThing", .post, "/v2/things", "Activate a thing with its code", request: .body(ActivationRequest.self),
    .json(201, ActivationShape.self), errors: [400, 403, 413])
  public static let writeResources = ofThings(
    "writeResources", .post, "/v2/things/{token}", "Write values; `$firmware` reports what happened to an update",
    request: .body(ResourceWrite.self), .json(201, CreatedShape.self), errors: [400, 404, 413])
  public static let readResource = ofThings(
    "readResource", .get, "/v2/things/{token}/resources/{key}", "Read the newest values of a resource, newest first",
    query: .values, .json(200, [ResourceValueShape].self), errors: [400, 404, 413])
  public static let listResources = ofThings(
    "listResources", .get, "/v2/things/{token}/resources", "The names of the thing's resources",
    .json(200, ResourceNames.self), errors: [404])
  public static let readAllResources = ofThings(
    "readAllResources", .get, "/v2/things/{token}/all_resources", "The newest values of each resource", query: .values,
    .json(200, [AllResourceValues].self), errors: [400, 404, 413])
  public static let readDescription = ofThings(
    "readDescription", .get, "/v2/things/{token}/resources/description", "The thing's description; empty where it has none",
    query: .values, .json(200, [ResourceValueShape].self), errors: [400, 404, 413])
  public static let describeThing = ofThings(
    "describeThing", .put, "/v2/things/{token}/resources/description", "Replace the thing's description, a document",
    request: .body([String: JSONValue].self), .json(200, SuccessShape.self), errors: [400, 404, 413])
  public static let addTags = ofThings(
    "addTags", .post, "/v2/things/{token}/tags", "Put tags on the thing: one as `tag` or `name`, or several",
    request: .body(JSONValue.self), .json(201, TagsAdded.self), errors: [400, 404, 409, 413])
  public static let listTags = ofThings(
    "listTags", .get, "/v2/things/{token}/tags", "The thing's tags", .json(200, TagList.self), errors: [404])
  public static let removeTag = ofThings(
    "removeTag", .delete, "/v2/things/{token}/tags/{tag}", "Take a tag off, by its id or its name",
    .json(200, CreatedShape.self), errors: [404])
  public static let currentDate = ofThings(
    "currentDate", .get, "/v2/utils/date", "The service's time",
    query: [
      .init(
        name: "format", summary: "UTC, which is the default, or unix_timestamp: whole seconds",
        schema: .choice(["UTC", "unix_timestamp"]))
    ], .json(200, [DateShape].self), errors: [400])
  public static let latestFirmwares = ofThings(
    "latestFirmwares", .get, "/v2/things/{token}/firmwares/latest", "What the thing may have now, per MCU, else what it runs",
    query: [
      .text("mcu", "The MCU that `version` speaks of; may be left out where the model has one"),
      .text("version", "What runs now: this is how a thing confirms after its reboot"),
      .text("boot", "Any text that changes with each boot"),
      .flag("explain", "Also say why: what every rollout asked of the thing, and which condition decided"),
    ], .json(200, LatestFirmwares.self), also: [.empty(304, "As before")], errors: [400, 404])
  public static let downloadFirmware = ofThings(
    "downloadFirmware", .get, "/v2/things/{token}/firmwares/download/{firmware}", "The image, whole or in ranges (RFC 9110)",
    .bytes(200, "The image"),
    also: [
      .bytes(206, "The ranges asked for"), .empty(304, "As before"), .empty(412, "Another image"),
      .empty(416, "No such range; Content-Range has the size"),
    ], errors: [403, 404])
  public static let downloadManifest = ofThings(
    "downloadManifest", .get, "/v2/things/{token}/firmwares/manifest/{firmware}", "The signed manifest of an image",
    .json(200, EnvelopeShape.self), errors: [403, 404])

  static let thingSide = [
    activateThing, writeResources, readResource, listResources, readAllResources, readDescription, describeThing, addTags,
    listTags, removeTag,
    currentDate, latestFirmwares, downloadFirmware, downloadManifest,
  ]

  static func ofThings(
    _ id: String, _ method: Endpoint.Method, _ template: String, _ summary: String, query: [Endpoint.Query] = [],
    request: Endpoint.Answer? = nil, _ answer: Endpoint.Answer, also: [Endpoint.Answer] = [], errors: [Int]
  ) -> Endpoint {
    // Every path may be badly encoded, and every verb may find the store failing, or full where it writes.
    // A token that comes with the certificate of another thing is refused.
    let refused = template.contains("{token}") ? [403] : []
    let everyErrors = Set(errors + refused + [400, 503] + (request == nil ? [] : [413, 507])).sorted()
    return Endpoint(
      id: id, method: method, template: template, access: .things, summary: summary, query: query, request: request,
      answers: [answer] + also + everyErrors.map { .json($0, ThingAPIError.self, "The error") })
  }
}

extension [Endpoint.Query] {
  /// Which values of a resource.
  static let values: Self = [
    .init(name: "limit", summary: "1 to 100; 1 by default", schema: .integer),
    .text("startDate", "From then on: ISO 8601, YYYYMMDDHHmmss, or seconds since 1970"),
    .text("endDate", "Before then"),
  ]
}
