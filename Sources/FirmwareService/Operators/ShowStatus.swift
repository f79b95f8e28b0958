import Catalog
public import Domain

/// How many things are in each state of one firmware now.
public struct FirmwareCounts: Sendable {
  public let firmware: Firmware
  public let counts: [InstallationState: Int]
  /// Things whose last word is that they run it.
  public let running: Int
}

extension FirmwareService {
  /// The figures of every firmware, by model, MCU and sequence.
  public func showStatus(model name: String?, within scope: ModelScope = .all) async throws -> [FirmwareCounts] {
    if let name { _ = try model(name) }
    try await flushObservations()
    let (states, running) = try await translatingErrors {
      (try await catalog.stateCounts(), try await catalog.runningCounts())
    }
    let counts = Dictionary(grouping: states, by: \.firmwareID).mapValues { states in
      Dictionary(uniqueKeysWithValues: states.map { ($0.state, $0.count) })
    }
    return releases.snapshot.firmwares.filter { firmware in
      scope.contains(firmware.model) && name.map { $0 == firmware.model } ?? true
    }.map { firmware in
      FirmwareCounts(
        firmware: firmware, counts: counts[firmware.id] ?? [:],
        running: running.first { $0.mcuID == firmware.mcuID && $0.version == firmware.version.text }?.count ?? 0)
    }.sorted { left, right in
      (left.firmware.model, left.firmware.mcu, left.firmware.sequence)
        < (right.firmware.model, right.firmware.mcu, right.firmware.sequence)
    }
  }

  /// How many things the catalog has.
  public func thingCount() async throws -> Int { try await translatingErrors { try await catalog.thingCount() } }
}
