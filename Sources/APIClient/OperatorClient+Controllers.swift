public import APIContract

extension OperatorClient {
  public func controllers(
    waiting: Bool = false, model: String? = nil, limit: Int = Self.pageSize, after cursor: PageCursor? = nil
  ) async throws -> ControllerList {
    try await page(
      Endpoints.listControllers, Endpoints.listControllers.path(),
      query: [("waiting", waiting ? "true" : nil), ("model", model)], limit: limit, after: cursor)
  }

  public func admitController(_ id: String) async throws -> ThingShape {
    try await call(Endpoints.admitController, Endpoints.admitController.path(id))
  }

  /// Refuses all of a model that wait.
  public func refuseControllers(ofModel model: String) async throws -> RefusedControllers {
    try await call(
      Endpoints.refuseControllers, Endpoints.refuseControllers.path(), query: [("waiting", "true"), ("model", model)])
  }

  public func refuseController(_ id: String) async throws -> ControllerShape {
    try await call(Endpoints.refuseController, Endpoints.refuseController.path(id))
  }
}
