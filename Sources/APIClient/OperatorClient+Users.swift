public import APIContract

extension OperatorClient {
  public func createApp(_ app: NewApp) async throws -> AppShape {
    try await call(Endpoints.createApp, Endpoints.createApp.path(), sending: app)
  }

  public func apps(limit: Int = Self.pageSize, after cursor: PageCursor? = nil) async throws -> AppList {
    try await page(Endpoints.listApps, Endpoints.listApps.path(), query: [], limit: limit, after: cursor)
  }

  public func users(
    app: String? = nil, limit: Int = Self.pageSize, after cursor: PageCursor? = nil
  ) async throws -> UserList {
    try await page(Endpoints.listUsers, Endpoints.listUsers.path(), query: [("app", app)], limit: limit, after: cursor)
  }

  public func endSessions(of user: String) async throws -> EndedSessions {
    try await call(Endpoints.endSessions, Endpoints.endSessions.path(user))
  }
}
