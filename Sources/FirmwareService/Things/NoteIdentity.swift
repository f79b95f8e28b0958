import Catalog
public import Domain

/// What things say and mean without a word for it in their protocol.
extension FirmwareService {
  /// Keeps what a thing says of itself each time it asks, such as its serial number: as values of resources, where they differ
  /// from the newest that is stored. What is no key of a resource is left out, and so is the description, which is a document.
  public func noteIdentity(_ said: [String: String], of thingID: Int64) async throws {
    var needs = FactNeeds()
    needs.keys = Set(said.keys.filter { ResourceKey.isKey($0) && $0 != ResourceKey.description })
    guard !needs.keys.isEmpty else { return }
    let known = try await translatingErrors { [needs] in try await catalog.facts(of: thingID, needs) }
    let news = needs.keys.sorted().compactMap { key -> ResourceRecord? in
      guard let text = said[key], known.values[key]?.value != .string(text) else { return nil }
      return ResourceRecord(key: key, value: .string(text))
    }
    if !news.isEmpty { try await writeResources(news, of: thingID) }
  }

  /// The names of the MCUs of a thing, in the order that its model has them.
  public func mcuNames(of thingID: Int64) async throws -> [String] { try await model(of: thingID).mcus.map(\.name) }

  /// The model of a thing, which is in memory afterwards.
  /// - Throws: `unknownThing`.
  func model(of thingID: Int64) async throws -> Model {
    guard let standing = try await translatingErrors({ try await fleet.standing(of: thingID) }),
      let model = releases.snapshot.modelsByID[standing.modelID]
    else { throw ServiceError(.unknownThing, "thing not found") }
    return model
  }

  /// The firmware that is on its way to a thing, or is installed and waits for the reboot; of several MCUs the one whose state
  /// is the newest. Nil where there is none.
  public func firmwareUnderWay(on thingID: Int64) async throws -> Firmware? {
    guard let standing = try await translatingErrors({ try await fleet.standing(of: thingID) }) else {
      throw ServiceError(.unknownThing, "thing not found")
    }
    let underWay = standing.mcus.compactMap { place in place.firmwareID.flatMap { standing.installation(of: $0) } }.filter {
      switch $0.state {
      case .offered, .downloading, .downloaded, .installing, .installed: true
      case .confirmed, .claimed, .failed, .rejected, .rolledBack: false
      }
    }
    return underWay.max { $0.since < $1.since }.flatMap { releases.snapshot.firmware($0.firmwareID) }
  }
}
