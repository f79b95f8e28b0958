public import APIContract

extension OperatorClient {
  public func status(model: String? = nil) async throws -> StatusShape {
    try await call(Endpoints.showStatus, Endpoints.showStatus.path(), query: [("model", model)])
  }

  public func audit(limit: Int = Self.pageSize, after cursor: PageCursor? = nil) async throws -> AuditList {
    try await page(Endpoints.listAudit, Endpoints.listAudit.path(), query: [], limit: limit, after: cursor)
  }

  /// Has the server hash every image again. It takes as long as reading the store does: the connection's limits must allow it.
  public func verifyStore() async throws -> VerificationShape {
    try await call(Endpoints.verifyStore, Endpoints.verifyStore.path())
  }
}
