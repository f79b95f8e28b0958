public import APIContract

extension OperatorClient {
  public func createCodes(_ codes: NewCodes) async throws -> CodeList {
    try await call(Endpoints.createCodes, Endpoints.createCodes.path(), sending: codes)
  }

  public func codes(
    model: String? = nil, unused: Bool = false, limit: Int = Self.pageSize, after cursor: PageCursor? = nil
  ) async throws -> CodeList {
    try await page(
      Endpoints.listCodes, Endpoints.listCodes.path(), query: [("model", model), ("unused", unused ? "true" : nil)],
      limit: limit, after: cursor)
  }

  /// - Parameters:
  ///   - condition: RSQL, as rollouts have it as their target.
  ///   - silentFor: seconds.
  ///   - running: `MCU=VERSION`.
  public func things(
    model: String? = nil, id: String? = nil, tag: String? = nil, where condition: String? = nil, silentFor: Int? = nil,
    running: String? = nil, limit: Int = Self.pageSize, after cursor: PageCursor? = nil
  ) async throws -> ThingList {
    let query = [
      ("model", model), ("id", id), ("tag", tag), ("where", condition), ("silentFor", silentFor.map { String($0) }),
      ("running", running),
    ]
    return try await page(Endpoints.listThings, Endpoints.listThings.path(), query: query, limit: limit, after: cursor)
  }

  public func thing(_ id: String) async throws -> ThingShape {
    try await call(Endpoints.showThing, Endpoints.showThing.path(id))
  }

  public func thingToken(_ id: String) async throws -> ThingTokenShape {
    try await call(Endpoints.showThingToken, Endpoints.showThingToken.path(id))
  }

  /// - Parameter overlap: seconds that the old token goes on working; the server's default where nil.
  public func rotateThingToken(_ id: String, overlap: Int? = nil) async throws -> ThingTokenShape {
    try await call(
      Endpoints.rotateThingToken, Endpoints.rotateThingToken.path(id), sending: TokenRotation(overlap: overlap))
  }

  public func resetThing(_ id: String) async throws -> ThingResetShape {
    try await call(Endpoints.resetThing, Endpoints.resetThing.path(id))
  }

  public func retireThing(_ id: String) async throws -> ThingShape {
    try await call(Endpoints.retireThing, Endpoints.retireThing.path(id))
  }

  public func retryThing(_ id: String, mcu: String? = nil) async throws -> ThingShape {
    try await call(Endpoints.retryThing, Endpoints.retryThing.path(id), query: [("mcu", mcu)])
  }

  public func allowLink(of id: String, _ isAllowed: Bool) async throws -> LinkAllowanceShape {
    try await call(Endpoints.allowLink, Endpoints.allowLink.path(id), sending: LinkAllowance(allow: isAllowed))
  }

  public func endLink(of id: String) async throws -> ThingShape {
    try await call(Endpoints.endLink, Endpoints.endLink.path(id))
  }

  public func importThings(_ things: [ImportedThing]) async throws -> ThingImportShape {
    try await call(Endpoints.importThings, Endpoints.importThings.path(), sending: ThingImport(things: things))
  }
}
