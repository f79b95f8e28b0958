import Domain
import Rollouts

extension FirmwareService {
  /// The files of a software module, which is a firmware under its number.
  /// - Throws: `unknownFirmware` where no action that is open, or by which the device was updated, has it.
  public func artifact(ofModule moduleID: Int64, for session: ControllerSession) async throws -> DeploymentChunk {
    let controller = try await controller(session.controllerID)
    let actions =
      (controller?.openActions.filter { $0.cancellation != .asked } ?? []) + [controller?.installedAction].compactMap { $0 }
    return try await chunk(moduleID, of: actions, session)
  }

  /// Opens the file of a software module for a device that has an open action with it, and may have it now.
  /// - Throws: `unknownFirmware` else; `held` for what it has to wait for, also in mid-download.
  public func downloadArtifact(
    _ fileName: String, ofModule moduleID: Int64, for session: ControllerSession
  ) async throws -> FirmwareDownload {
    let controller = try await controller(session.controllerID)
    let chunk = try await chunk(moduleID, of: controller?.openActions.filter { $0.cancellation != .asked } ?? [], session)
    guard chunk.fileName == fileName, let thingID = session.thingID else { throw Self.unknownArtifact }
    do {
      return try await downloadFirmware(chunk.firmware.publicID, by: thingID, isWhole: true)
    } catch let error as ServiceError where error.code == .notForThisThing {
      throw Self.unknownArtifact
    }
  }

  private static let unknownArtifact = ServiceError(.unknownFirmware, "there is no such artifact for this controller")

  private func chunk(
    _ moduleID: Int64, of actions: [DeviceAction], _ session: ControllerSession
  ) async throws -> DeploymentChunk {
    let mcus = releases.snapshot.modelsByID[session.modelID]?.mcus ?? []
    for action in actions {
      let (_, outlook) = try await self.action(action.id, of: session)
      let firmwares = action.isOpen ? outlook.firmwares : outlook.items.map(\.firmware)
      guard let firmware = firmwares.first(where: { $0.id == moduleID }),
        let mcu = mcus.first(where: { $0.id == firmware.mcuID })
      else { continue }
      return DeploymentChunk(mcu: mcu, firmware: firmware)
    }
    throw Self.unknownArtifact
  }
}
