public import APIContract
public import Domain

extension OperatorClient {
  /// How many things of a model ran each version, over time; the server's defaults where something is nil.
  public func versionSpread(
    model: String, mcu: String? = nil, from start: Timestamp? = nil, to end: Timestamp? = nil, points: Int? = nil
  ) async throws -> VersionSpreadShape {
    try await call(
      Endpoints.showVersionSpread, Endpoints.showVersionSpread.path(),
      query: [
        ("model", model), ("mcu", mcu), ("from", start?.iso8601), ("to", end?.iso8601), ("points", points.map(String.init)),
      ])
  }
}
