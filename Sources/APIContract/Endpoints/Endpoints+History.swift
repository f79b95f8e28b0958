/// What became of a thing, and what it wrote, for operators.
extension Endpoints {
  public static let showHistory = Endpoint.operators(
    "showHistory", .get, "/api/v1/things/{thing}/history", "What became of the thing, newest first", query: .page,
    answers: ThingHistoryList.self, problems: [404])
  public static let showNewestValues = Endpoint.operators(
    "showNewestValues", .get, "/api/v1/things/{thing}/resources", "The newest value of each resource of the thing, by key",
    answers: NewestValueList.self, problems: [404])
  public static let showValues = Endpoint.operators(
    "showValues", .get, "/api/v1/things/{thing}/resources/{key}", "Values of a resource of the thing, newest first",
    query: [
      .init(name: "limit", summary: "1 to 100; 100 by default", schema: .integer),
      .text("from", "From then on: ISO 8601, YYYYMMDDHHmmss, or seconds since 1970"), .text("to", "Before then"),
    ], answers: DatedValueList.self, problems: [404])

  static let lookingBack = [showHistory, showNewestValues, showValues]
}
