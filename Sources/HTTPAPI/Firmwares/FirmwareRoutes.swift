import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Hummingbird

/// Firmwares as engineers register them and operators publish them.
struct FirmwareRoutes: Sendable {
  let service: FirmwareService
  let settings: APISettings

  func add(to table: inout RouteTable) {
    table.on(Endpoints.registerFirmware, register)
    table.on(Endpoints.listFirmwares, list)
    table.on(Endpoints.showFirmware, show)
    table.on(Endpoints.showManifest, manifest)
    table.on(Endpoints.publishFirmware) { try await publication($0, $1, true) }
    table.on(Endpoints.withdrawFirmware) { try await publication($0, $1, false) }
  }

  @Sendable func register(_ request: Request, _ context: APIContext) async throws -> Response {
    let publish = request.flag("publish")
    if publish { try service.require(.releaser, of: try context.caller) }
    let bytes = try await request.bytes(upTo: settings.largestOperatorBody)
    // The shape first, so that a refusal names the field; the bytes are what the verb reads.
    _ = try JSONText.decode(EnvelopeShape.self, from: bytes, deepest: settings.deepestJSON)
    let (firmware, isNew) = try await service.registerFirmware(
      envelope: bytes, publish: publish, within: context.scope, by: context.operatorName)
    return try .json(FirmwareShape(firmware), status: isNew ? .created : .ok)
  }

  @Sendable func list(_ request: Request, _ context: APIContext) async throws -> Response {
    let page = try service.listFirmwares(
      model: request.query("model"), mcu: request.query("mcu"), within: context.scope, try request.page)
    return try .json(FirmwareList(firmwares: page.entries.map { FirmwareShape($0) }, next: PageCursor(page.next)))
  }

  @Sendable func show(_ request: Request, _ context: APIContext) async throws -> Response {
    try .json(FirmwareShape(try service.firmware(try context.parameter("firmware"))))
  }

  @Sendable func manifest(_ request: Request, _ context: APIContext) async throws -> Response {
    .jsonBytes(try await service.manifest(of: try service.firmware(try context.parameter("firmware"))))
  }

  private func publication(_ request: Request, _ context: APIContext, _ isPublished: Bool) async throws -> Response {
    try .json(
      FirmwareShape(
        try await service.setPublication(of: try context.parameter("firmware"), isPublished, by: context.operatorName)))
  }
}

extension FirmwareShape {
  init(_ firmware: Firmware) {
    self.init(
      id: firmware.publicID, model: firmware.model, mcu: firmware.mcu, version: firmware.version.text,
      sequence: firmware.sequence, size: firmware.size, sha256: firmware.digest, createdAt: firmware.createdAt,
      registeredAt: firmware.registeredAt, publishedAt: firmware.publishedAt, keyId: firmware.keyID, format: firmware.format,
      formatDetails: firmware.formatDetails,
      requires: firmware.requires)
  }
}
