public import APIContract

extension OperatorClient {
  public func createModel(_ model: NewModel) async throws -> ModelShape {
    try await call(Endpoints.createModel, Endpoints.createModel.path(), sending: model)
  }

  public func models(limit: Int = Self.pageSize, after cursor: PageCursor? = nil) async throws -> ModelList {
    try await page(Endpoints.listModels, Endpoints.listModels.path(), query: [], limit: limit, after: cursor)
  }

  public func model(_ name: String) async throws -> ModelShape {
    try await call(Endpoints.showModel, Endpoints.showModel.path(name))
  }

  public func setModel(_ settings: ModelSettings, model: String) async throws -> ModelShape {
    try await call(Endpoints.setModel, Endpoints.setModel.path(model), sending: settings)
  }

  public func gatewayToken(_ request: GatewayTokenRequest, model: String) async throws -> GatewayTokenShape {
    try await call(Endpoints.gatewayToken, Endpoints.gatewayToken.path(model), sending: request)
  }

  public func setRetention(_ retention: RetentionShape, model: String) async throws -> ModelShape {
    try await call(Endpoints.setRetention, Endpoints.setRetention.path(model), sending: retention)
  }

  public func trustKey(_ key: NewTrustedKey, model: String) async throws -> TrustedKeyShape {
    try await call(Endpoints.trustKey, Endpoints.trustKey.path(model), sending: key)
  }

  public func keys(model: String) async throws -> TrustedKeyList {
    try await call(Endpoints.listKeys, Endpoints.listKeys.path(model))
  }

  public func revokeKey(_ id: String, model: String) async throws -> TrustedKeyShape {
    try await call(Endpoints.revokeKey, Endpoints.revokeKey.path(model, id))
  }
}
