import Catalog
import Domain

extension FirmwareService {
  /// Offers again what failed, was rejected or was rolled back on a thing, or waits for a confirmation that does not come.
  /// - Parameter mcuName: only this MCU's; all of them where nil.
  public func retryThing(_ publicID: String, mcu mcuName: String?, by actor: String) async throws {
    let now = clock()
    let thing = try await thing(publicID)
    let releases = releases.snapshot
    guard let standing = try await translatingErrors({ try await fleet.standing(of: thing.id) }) else {
      throw ServiceError(.unknownThing, "there is no thing \(publicID)")
    }
    let only = try mcuName.map { name in
      guard let mcu = releases.modelsByID[thing.modelID]?.mcu(named: name) else {
        throw ServiceError(.unknownMCU, "the thing's model has no MCU \(name)")
      }
      return mcu.id
    }
    // What was installed and never confirmed holds back too, and a thing that says no version can be helped by nobody else.
    let ended: Set<InstallationState> = [.failed, .rejected, .rolledBack, .installed]
    let firmwares = standing.installations.filter { installation in
      ended.contains(installation.state)
        && only.map { $0 == releases.firmware(installation.firmwareID)?.mcuID } ?? true
    }.map(\.firmwareID)
    let versions = firmwares.compactMap { releases.firmware($0)?.version.text }.joined(separator: ", ")
    let audit = AuditEntry(
      at: now, actor: actor, action: "thing.retry", subject: publicID, details: ["versions": versions])
    try await settle(fleet.retry(Set(firmwares), of: thing.id, audit: audit), of: thing.id)
  }
}
