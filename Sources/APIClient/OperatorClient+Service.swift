public import APIContract

extension OperatorClient {
  public func status(model: String? = nil) async throws -> StatusShape {
    try await call(Endpoints.showStatus, Endpoints.showStatus.path(), query: [("model", model)])
  }

  /// - Parameter silentFor: seconds after which a thing is silent; the server's default where nil.
  public func fleet(model: String? = nil, silentFor: Int? = nil) async throws -> FleetShape {
    let query = [("model", model), ("silentFor", silentFor.map { String($0) })]
    return try await call(Endpoints.showFleet, Endpoints.showFleet.path(), query: query)
  }

  public func audit(
    subject: String? = nil, actor: String? = nil, action: String? = nil, limit: Int = Self.pageSize,
    after cursor: PageCursor? = nil
  ) async throws -> AuditList {
    try await page(
      Endpoints.listAudit, Endpoints.listAudit.path(),
      query: [("subject", subject), ("actor", actor), ("action", action)], limit: limit, after: cursor)
  }

  /// Has the server hash every image again. It takes as long as reading the store does: the connection's limits must allow it.
  public func verifyStore() async throws -> VerificationShape {
    try await call(Endpoints.verifyStore, Endpoints.verifyStore.path())
  }
}
