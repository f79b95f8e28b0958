public import APIContract
public import Domain

/// What became of a thing, and what it wrote.
extension OperatorClient {
  public func history(
    of thing: String, limit: Int = Self.pageSize, after cursor: PageCursor? = nil
  ) async throws -> ThingHistoryList {
    try await page(Endpoints.showHistory, Endpoints.showHistory.path(thing), query: [], limit: limit, after: cursor)
  }

  public func newestValues(of thing: String) async throws -> NewestValueList {
    try await call(Endpoints.showNewestValues, Endpoints.showNewestValues.path(thing))
  }

  /// - Parameters:
  ///   - start: from then on; of all times where nil.
  ///   - end: before then.
  ///   - limit: at most 100, which is what the server gives where nil.
  public func values(
    of key: String, ofThing thing: String, from start: Timestamp? = nil, to end: Timestamp? = nil, limit: Int? = nil
  ) async throws -> DatedValueList {
    try await call(
      Endpoints.showValues, Endpoints.showValues.path(thing, key),
      query: [("from", start?.iso8601), ("to", end?.iso8601), ("limit", limit.map(String.init))])
  }
}

extension ThingHistoryList: PagedList {
  public func followed(by page: Self) -> Self { Self(entries: entries + page.entries, next: page.next) }
}
