public import APIContract

extension OperatorClient {
  public func planRollout(_ rollout: NewRollout) async throws -> RolloutPreviewShape {
    try await call(Endpoints.planRollout, Endpoints.planRollout.path(), sending: rollout)
  }

  public func createRollout(_ rollout: NewRollout) async throws -> RolloutShape {
    try await call(Endpoints.createRollout, Endpoints.createRollout.path(), sending: rollout)
  }

  public func rollouts(
    model: String? = nil, publications: Bool = false, limit: Int = Self.pageSize, after cursor: PageCursor? = nil
  ) async throws -> RolloutList {
    try await page(
      Endpoints.listRollouts, Endpoints.listRollouts.path(),
      query: [("model", model), ("publications", publications ? "true" : nil)], limit: limit, after: cursor)
  }

  public func rollout(_ id: String) async throws -> RolloutShape {
    try await call(Endpoints.showRollout, Endpoints.showRollout.path(id))
  }

  public func rolloutThings(
    _ id: String, state: String? = nil, limit: Int = Self.pageSize, after cursor: PageCursor? = nil
  ) async throws -> RolloutThingList {
    try await page(
      Endpoints.listRolloutThings, Endpoints.listRolloutThings.path(id), query: [("state", state)], limit: limit,
      after: cursor)
  }

  public func startRollout(_ id: String) async throws -> RolloutShape { try await change(Endpoints.startRollout, id) }
  public func pauseRollout(_ id: String) async throws -> RolloutShape { try await change(Endpoints.pauseRollout, id) }
  public func resumeRollout(_ id: String) async throws -> RolloutShape { try await change(Endpoints.resumeRollout, id) }
  public func cancelRollout(_ id: String) async throws -> RolloutShape { try await change(Endpoints.cancelRollout, id) }
  public func approveRollout(_ id: String) async throws -> RolloutShape { try await change(Endpoints.approveRollout, id) }

  /// - Returns: the new rollout, which takes the things of the other back.
  public func revertRollout(_ id: String) async throws -> RolloutShape { try await change(Endpoints.revertRollout, id) }

  public func explainThing(_ id: String) async throws -> ExplanationShape {
    try await call(Endpoints.explainThing, Endpoints.explainThing.path(id))
  }

  private func change(_ endpoint: Endpoint, _ id: String) async throws -> RolloutShape {
    try await call(endpoint, endpoint.path(id))
  }
}
