import Catalog
public import Domain

extension FirmwareService {
  /// Offers a firmware to the things of its model, or stops offering and serving it. Again changes nothing.
  /// - Throws: `unknownFirmware`, `approvalNeeded`.
  public func setPublication(of publicID: String, _ isPublished: Bool, by actor: String) async throws -> Firmware {
    let now = clock()
    let firmware = try firmware(publicID)
    if isPublished, firmware.publishedAt == nil { try Self.refuseUnapproved(try model(firmware.model)) }
    let audit = AuditEntry(
      at: now, actor: actor, action: isPublished ? "firmware.publish" : "firmware.withdraw",
      subject: "\(firmware.model)/\(firmware.mcu)/\(firmware.version)")
    let (changed, _) = try await translatingErrors {
      isPublished
        ? try await catalog.publish(firmware.id, publication(by: actor, at: now), audit: audit) { [self] in announce($0) }
        : try await catalog.withdraw(firmware.id, at: now, audit: audit) { [self] in announce($0) }
    }
    try await reloadReleases()
    return changed
  }

  func publication(by actor: String, at now: Timestamp) -> Publication {
    Publication(rolloutID: Identifiers.firmware(), by: actor, at: now)
  }

  /// - Throws: `unknownFirmware`.
  public func firmware(_ publicID: String) throws -> Firmware {
    guard let firmware = releases.snapshot.firmwaresByPublicID[publicID] else {
      throw ServiceError(.unknownFirmware, "there is no firmware \(publicID)")
    }
    return firmware
  }

  /// Firmwares, newest registration first.
  public func listFirmwares(
    model name: String?, mcu: String?, within scope: ModelScope = .all, _ page: PageRequest
  ) throws -> Page<Firmware> {
    let releases = releases.snapshot
    if let name { _ = try model(name) }
    let after = try page.rowID() ?? Int64.max
    let found = releases.firmwares.reversed().filter { firmware in
      firmware.id < after && name.map { $0 == firmware.model } ?? true && mcu.map { $0 == firmware.mcu } ?? true
        && scope.contains(firmware.model)
    }
    let entries = Array(found.prefix(page.limit))
    return Page(entries, next: found.count > page.limit ? entries.last.map { String($0.id) } : nil)
  }

  /// The signed manifest of a firmware as it was registered: a DSSE envelope as JSON.
  public func manifest(of firmware: Firmware) async throws -> [UInt8] {
    let envelope = try await translatingErrors { try await catalog.envelope(of: firmware.id) }
    guard let envelope else { throw ServiceError(.unknownFirmware, "firmware not found") }
    return envelope
  }
}
