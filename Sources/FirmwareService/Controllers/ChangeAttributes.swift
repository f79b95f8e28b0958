import Catalog
public import Domain
import Rollouts

extension FirmwareService {
  /// The most attributes of a device, and the longest name and value of one, in characters.
  public static let mostAttributes = 100
  public static let longestAttribute = 128

  /// Takes what a device says of itself. Each attribute becomes a resource of its thing where it is new, and null where it
  /// goes; the one that the model names is what the device runs. It is durable when this returns.
  /// - Parameter changes: nil for one that goes.
  /// - Throws: `malformed` naming what is wrong; `quotaExceeded` where there would be too many.
  public func changeAttributes(
    _ changes: [String: String?], _ mode: AttributeMode, of session: ControllerSession
  ) async throws {
    guard !changes.isEmpty else { throw ServiceError(.malformed, "data: is empty") }
    for (name, value) in changes { try Self.check(attribute: name, value) }
    // One that waits to be admitted is asked again afterwards.
    guard let thingID = session.thingID, let model = releases.snapshot.modelsByID[session.modelID] else { return }
    let before = try await translatingErrors { try await catalog.attributes(ofController: session.controllerID) }
    var after = mode == .replace ? [:] : before
    for (name, value) in changes { after[name] = mode == .remove ? nil : value }
    guard after.count <= Self.mostAttributes else {
      throw ServiceError(.quotaExceeded, "data: there would be more than \(Self.mostAttributes) attributes")
    }
    let changed = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }.sorted()
    if !changed.isEmpty {
      let records = changed.map { name in
        ResourceRecord(key: Self.resourceKey(ofAttribute: name), value: after[name].map(JSONValue.string) ?? .null)
      }
      try await writeResources(records, of: thingID)
    }
    // What it runs counts each time it is said, as on a poll.
    for report in Self.running(in: changes.compactMapValues { $0 }, model) where mode != .remove {
      try await noteRunning(report, on: thingID)
    }
    try await translatingErrors {
      try await catalog.setAttributes(after, ofController: session.controllerID, committed: keep)
    }
  }

  /// Takes what a device says it runs.
  func noteRunning(_ report: RunningReport, on thingID: Int64) async throws {
    let now = clock()
    guard let standing = try await translatingErrors({ try await fleet.standing(of: thingID) }),
      let model = releases.snapshot.modelsByID[standing.modelID]
    else { throw ServiceError(.unknownThing, "thing not found") }
    try await settle(try record([report], of: thingID, model, releases.snapshot, at: now), of: thingID)
    figures.count(report: nil)
  }

  /// What the attributes say of what runs: the attribute that the model names is about its first MCU, and with `_MCU` behind it
  /// about the MCU of that name.
  static func running(in attributes: [String: String], _ model: Model) -> [RunningReport] {
    model.mcus.enumerated().compactMap { index, mcu in
      let name = model.deviceDoor.versionAttribute
      guard let version = attributes["\(name)_\(mcu.name)"] ?? (index == 0 ? attributes[name] : nil), !version.isEmpty,
        FirmwareVersion(version) != nil
      else { return nil }
      return RunningReport(mcu: mcu.name, version: version, boot: attributes["boot_id"])
    }
  }

  /// An attribute's name as a resource's: what no key may have becomes `_`.
  static func resourceKey(ofAttribute name: String) -> String {
    String(
      decoding: name.utf8.map { Base64URL.isCharacter($0) || $0 == UInt8(ascii: ".") ? $0 : UInt8(ascii: "_") }, as: UTF8.self)
  }

  private static func check(attribute name: String, _ value: String?) throws {
    guard (1...longestAttribute).contains(name.count), name.utf8.allSatisfy(isAttributeCharacter) else {
      throw ServiceError(.malformed, "data: a name is 1 to \(longestAttribute) printable ASCII characters")
    }
    guard let value else { return }
    guard value.count <= longestAttribute, value.utf8.allSatisfy(isAttributeCharacter) else {
      throw ServiceError(.malformed, "data: \(name): a value is at most \(longestAttribute) printable ASCII characters")
    }
  }

  /// Of hawkBit's list: letters, digits, white space and most signs.
  private static func isAttributeCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "`"), UInt8(ascii: "~"): false
    case 9...13, 32...126: true
    default: false
    }
  }
}
