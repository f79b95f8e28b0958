public import APIContract

extension OperatorClient {
  public func registerFirmware(_ envelope: EnvelopeShape, publish: Bool = false) async throws -> FirmwareShape {
    try await call(
      Endpoints.registerFirmware, Endpoints.registerFirmware.path(), query: [("publish", publish ? "true" : nil)],
      sending: envelope)
  }

  public func firmwares(
    model: String? = nil, mcu: String? = nil, limit: Int = Self.pageSize, after cursor: PageCursor? = nil
  ) async throws -> FirmwareList {
    try await page(
      Endpoints.listFirmwares, Endpoints.listFirmwares.path(), query: [("model", model), ("mcu", mcu)], limit: limit,
      after: cursor)
  }

  public func firmware(_ id: String) async throws -> FirmwareShape {
    try await call(Endpoints.showFirmware, Endpoints.showFirmware.path(id))
  }

  public func manifest(_ id: String) async throws -> EnvelopeShape {
    try await call(Endpoints.showManifest, Endpoints.showManifest.path(id))
  }

  public func publishFirmware(_ id: String) async throws -> FirmwareShape {
    try await call(Endpoints.publishFirmware, Endpoints.publishFirmware.path(id))
  }

  public func withdrawFirmware(_ id: String) async throws -> FirmwareShape {
    try await call(Endpoints.withdrawFirmware, Endpoints.withdrawFirmware.path(id))
  }
}
