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
    if mode != .remove {
      // What it runs counts each time it is said, as on a poll; what is no version is no word on it.
      let running = DeviceIdentity(changes.compactMapValues { $0 }, model).running
      try await noteRunning(running.filter { FirmwareVersion($0.version) != nil }, on: thingID)
    }
    try await translatingErrors {
      try await catalog.setAttributes(after, ofController: session.controllerID, committed: keep)
    }
  }

  /// Takes what a device says it runs: all of it, or none.
  func noteRunning(_ reports: [RunningReport], on thingID: Int64) async throws {
    guard !reports.isEmpty else { return }
    let model = try await model(of: thingID)
    try await settle(try record(reports, of: thingID, model, releases.snapshot, at: clock()), of: thingID)
    for _ in reports { figures.count(report: nil) }
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
