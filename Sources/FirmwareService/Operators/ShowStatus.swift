import Catalog
import Cryptography
public import Domain
import Synchronization

/// How many things are in each state of one firmware now.
public struct FirmwareCounts: Sendable {
  public let firmware: Firmware
  public let counts: [InstallationState: Int]
  /// Things whose last word is that they run it.
  public let running: Int
}

extension FirmwareService {
  /// The figures of every firmware, by model, MCU and sequence.
  public func showStatus(model name: String?) async throws -> [FirmwareCounts] {
    if let name { _ = try model(name) }
    try await flushSightings()
    let (states, running) = try await translatingErrors {
      (try await catalog.stateCounts(), try await catalog.runningCounts())
    }
    let counts = Dictionary(grouping: states, by: \.firmwareID).mapValues { states in
      Dictionary(uniqueKeysWithValues: states.map { ($0.state, $0.count) })
    }
    return releases.snapshot.firmwares.filter { firmware in name.map { $0 == firmware.model } ?? true }.map { firmware in
      FirmwareCounts(
        firmware: firmware, counts: counts[firmware.id] ?? [:],
        running: running.first { $0.mcuID == firmware.mcuID && $0.version == firmware.version.text }?.count ?? 0)
    }.sorted { left, right in
      (left.firmware.model, left.firmware.mcu, left.firmware.sequence)
        < (right.firmware.model, right.firmware.mcu, right.firmware.sequence)
    }
  }

  /// What operators did, newest first.
  public func listAudit(_ page: PageRequest) async throws -> Page<AuditEntry> {
    let after = try page.rowID()
    let entries = try await translatingErrors { try await catalog.auditEntries(after: after, limit: page.limit + 1) }
    return Page(
      Array(entries.prefix(page.limit)), next: entries.count > page.limit ? String(entries[page.limit - 1].id) : nil)
  }

  /// The name of the operator whose token it is; nil for any other text.
  public func operatorName(token: some StringProtocol) -> String? {
    let hash = SHA256Hasher.digest(of: token)
    return operatorNames.withLock { $0[hash] }
  }

  /// Makes a token valid for an operator of that name. Again changes nothing.
  public func admitOperator(token: String, name: String) async throws {
    try await translatingErrors {
      try await catalog.addOperatorToken(hash: SHA256Hasher.digest(of: token), name: name, at: clock())
    }
    try await reloadOperators()
  }

  /// How many things the catalog has.
  public func thingCount() async throws -> Int { try await translatingErrors { try await catalog.thingCount() } }
}
