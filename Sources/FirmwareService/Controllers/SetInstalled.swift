import Domain

extension FirmwareService {
  /// Takes that a device was given a registered version by another way, and runs it.
  /// - Parameter name: the model's, for every MCU that has a firmware of that version, or `MODEL-MCU`.
  /// - Returns: whether that was news.
  /// - Throws: `unknownFirmware`.
  public func setInstalled(name: String, version: String, of session: ControllerSession) async throws -> Bool {
    let releases = releases.snapshot
    guard let thingID = session.thingID, let model = releases.modelsByID[session.modelID] else { throw Self.unknownAction }
    let firmwares = model.mcus.filter { name == model.name || name == "\(model.name)-\($0.name)" }
      .compactMap { releases.firmware(mcuID: $0.id, version: version) }
    guard !firmwares.isEmpty else { throw ServiceError(.unknownFirmware, "there is no \(name) \(version)") }
    guard let before = try await translatingErrors({ try await fleet.standing(of: thingID) }) else { throw Self.unknownAction }
    try await noteRunning(firmwares.map { RunningReport(mcu: $0.mcu, version: version, boot: nil) }, on: thingID)
    return firmwares.contains { before.mcu($0.mcuID)?.running != version }
  }
}
