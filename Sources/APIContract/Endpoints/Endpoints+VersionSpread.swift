/// What a fleet ran over time.
extension Endpoints {
  public static let showVersionSpread = Endpoint.operators(
    "showVersionSpread", .get, "/api/v1/fleet/versions", "How many active things of a model ran each version, over time",
    query: [
      .text("model", "Of this model", isRequired: true), .text("mcu", "On this MCU; the model's first by default"),
      .text("from", "The first time: ISO 8601, YYYYMMDDHHmmss, or seconds since 1970; seven days before `to` by default"),
      .text("to", "The last time; now by default"),
      .init(name: "points", summary: "How many times, evenly spaced, 1 to 500; 60 by default", schema: .integer),
    ], answers: VersionSpreadShape.self, problems: [404])

  static let versionSpread = [showVersionSpread]
}
