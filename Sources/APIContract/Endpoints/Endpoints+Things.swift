import Domain

extension Endpoints {
  public static let createCodes = Endpoint.operators(
    "createCodes", .post, "/api/v1/codes", "Create single-use activation codes for a model", request: .body(NewCodes.self),
    checksModels: true, 201, answers: CodeList.self, problems: [404])
  public static let listCodes = Endpoint.operators(
    "listCodes", .get, "/api/v1/codes", "Activation codes, newest first; as CSV with `Accept: text/csv`",
    query: [.text("model", "Only this model's"), .flag("unused", "Only those that have activated nothing")] + .page,
    needs: .administrator, answers: CodeList.self, problems: [404])

  static let codes = [createCodes, listCodes]

  public static let listThings = Endpoint.operators(
    "listThings", .get, "/api/v1/things",
    "Things, newest first. A page may have fewer than asked for, or none, and still a `next`: there is more to look at",
    query: [
      .text("model", "Only this model's"), .text("id", "An id, or a DDI controllerId, or how one starts"),
      .text("tag", "Only with this tag"), .text("where", "Only active things of which this RSQL is true, as targets have it"),
      .init(name: "silentFor", summary: "Only active things not seen for so many seconds, or never", schema: .integer),
      .text("running", "Only what runs this: MCU=VERSION; with no version what has said none"),
    ] + .page,
    answers: ThingList.self, problems: [404])
  public static let showThing = Endpoint.operators(
    "showThing", .get, "/api/v1/things/{thing}", "One thing: what it runs, what it may have, and why", answers: ThingShape.self,
    problems: [404])
  public static let showThingToken = Endpoint.operators(
    "showThingToken", .get, "/api/v1/things/{thing}/token", "Read a thing's token; the audit log keeps who did",
    needs: .administrator, answers: ThingTokenShape.self, problems: [404])
  public static let rotateThingToken = Endpoint.operators(
    "rotateThingToken", .post, "/api/v1/things/{thing}/token", "Give the thing a new token; the old one works for the overlap",
    request: .body(TokenRotation.self), 201, answers: ThingTokenShape.self, problems: [404, 409])
  public static let resetThing = Endpoint.operators(
    "resetThing", .post, "/api/v1/things/{thing}/reset", "End its tokens and let its activation code activate it again",
    answers: ThingResetShape.self, problems: [404, 409])
  public static let retireThing = Endpoint.operators(
    "retireThing", .post, "/api/v1/things/{thing}/retirement", "End the thing: its tokens stop working and its code too",
    answers: ThingShape.self, problems: [404])
  public static let retryThing = Endpoint.operators(
    "retryThing", .post, "/api/v1/things/{thing}/retry",
    "Offer again what failed, was rejected or was rolled back on it, or waits for a confirmation that does not come",
    query: [.text("mcu", "Only this MCU's")], needs: .releaser, answers: ThingShape.self, problems: [404])
  public static let importThings = Endpoint.operators(
    "importThings", .post, "/api/v1/things/import", "Take over things with the tokens they have; all of them or none",
    request: .body(ThingImport.self), checksModels: true, answers: ThingImportShape.self, problems: [404, 409])

  static let things = [
    listThings, showThing, showThingToken, rotateThingToken, resetThing, retireThing, retryThing, importThings,
  ]
}
