/// How devices of a model come in by hawkBit's DDI, the protocol of SWUpdate, RAUC's updater and Zephyr.
public struct DeviceDoor: Sendable, Hashable {
  /// What becomes of a controller that comes with the model's gateway token and is not known.
  public enum UnknownThings: String, Sendable, Hashable, CaseIterable, Codable {
    /// It is a thing of the model from then on.
    case accept
    /// It waits until an operator lets it in.
    case hold
    /// It is answered as one without a token.
    case refuse
  }

  public var unknownThings: UnknownThings
  /// The attribute of `configData` by which a device says what it runs.
  public var versionAttribute: String
  /// Whether the report of a success alone is believed, for devices that do not say what they run.
  public var trustsReports: Bool

  public init(
    unknownThings: UnknownThings = .accept, versionAttribute: String = "sw_version", trustsReports: Bool = false
  ) {
    self.unknownThings = unknownThings
    self.versionAttribute = versionAttribute
    self.trustsReports = trustsReports
  }

  public static let standard = DeviceDoor()
  /// The longest attribute that hawkBit takes, in characters.
  public static let longestAttribute = 128
}

/// What is to be changed of a model's door; nil leaves a setting as it is.
public struct DeviceDoorChange: Sendable, Hashable {
  public let unknownThings: DeviceDoor.UnknownThings?
  public let versionAttribute: String?
  public let trustsReports: Bool?

  public init(
    unknownThings: DeviceDoor.UnknownThings? = nil, versionAttribute: String? = nil, trustsReports: Bool? = nil
  ) {
    self.unknownThings = unknownThings
    self.versionAttribute = versionAttribute
    self.trustsReports = trustsReports
  }

  public static let none = DeviceDoorChange()

  public func applied(to door: DeviceDoor) -> DeviceDoor {
    DeviceDoor(
      unknownThings: unknownThings ?? door.unknownThings, versionAttribute: versionAttribute ?? door.versionAttribute,
      trustsReports: trustsReports ?? door.trustsReports)
  }
}

/// What is to be changed of how an MCU is named to devices; nil leaves a setting as it is.
public struct ModuleChange: Sendable, Hashable {
  public let moduleType: String?
  /// An empty text goes back to the part that the type has.
  public let part: String?

  public init(moduleType: String? = nil, part: String? = nil) {
    self.moduleType = moduleType
    self.part = part
  }

  public func applied(to mcu: MCU) -> MCU {
    let named = part.map { $0.isEmpty ? nil : $0 } ?? mcu.explicitPart
    return MCU(id: mcu.id, name: mcu.name, moduleType: moduleType ?? mcu.moduleType, explicitPart: named)
  }
}
