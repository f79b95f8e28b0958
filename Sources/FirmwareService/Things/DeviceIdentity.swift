import Domain

/// What a device says of itself by names and texts, sorted by what it is about.
public struct DeviceIdentity: Sendable, Hashable {
  /// What runs: the name that the model has for it is about its first MCU; with `_MCU` behind it, about the MCU of that name,
  /// and that counts for more.
  public let running: [RunningReport]
  /// Everything else.
  public let traits: [String: String]

  /// The name of what changes with each boot.
  private static let boot = "boot_id"

  init(_ said: [String: String], _ model: Model) {
    let name = model.deviceDoor.versionAttribute
    let boot = said[Self.boot].flatMap { $0.isEmpty ? nil : $0 }
    var names: Set = [Self.boot]
    running = model.mcus.enumerated().compactMap { index, mcu in
      let candidates = ["\(name)_\(mcu.name)"] + (index == 0 ? [name] : [])
      names.formUnion(candidates)
      let version = candidates.lazy.compactMap { said[$0] }.first { !$0.isEmpty }
      return version.map { RunningReport(mcu: mcu.name, version: $0, boot: boot) }
    }
    traits = said.filter { [names] in !names.contains($0.key) }
  }
}

extension FirmwareService {
  /// Sorts what a thing says of itself.
  public func identity(in said: [String: String], of thingID: Int64) async throws -> DeviceIdentity {
    DeviceIdentity(said, try await model(of: thingID))
  }
}
