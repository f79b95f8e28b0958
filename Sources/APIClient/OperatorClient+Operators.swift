public import APIContract

extension OperatorClient {
  public func createOperator(_ new: NewOperator) async throws -> CreatedOperator {
    try await call(Endpoints.createOperator, Endpoints.createOperator.path(), sending: new)
  }

  public func operators(limit: Int = Self.pageSize, after cursor: PageCursor? = nil) async throws -> OperatorList {
    try await page(Endpoints.listOperators, Endpoints.listOperators.path(), query: [], limit: limit, after: cursor)
  }

  public func revokeOperator(_ id: String) async throws -> OperatorShape {
    try await call(Endpoints.revokeOperator, Endpoints.revokeOperator.path(id))
  }

  /// Who the token belongs to.
  public func showOperator() async throws -> OperatorShape {
    try await call(Endpoints.showOperator, Endpoints.showOperator.path())
  }
}

extension OperatorList: PagedList {
  public func followed(by page: Self) -> Self { Self(operators: operators + page.operators, next: page.next) }
}
