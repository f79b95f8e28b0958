/// A kind of thing: what is printed on the box, with the MCUs in it that take firmware.
public struct Model: Sendable, Hashable {
  /// The row's id; never leaves the service.
  public let id: Int64
  public let name: String
  /// Takes only whole numbers as versions, for device code that compares them as numbers.
  public let numericVersions: Bool
  /// Seconds within which a thing has to confirm what it installed.
  public let confirmWithin: Int64
  public let createdAt: Timestamp
  /// In the order in which they were named.
  public let mcus: [MCU]
  /// How long values of its things are kept.
  public let retention: Retention
  /// Whether its firmware is published only by a rollout that a second operator approves.
  public let fourEyes: Bool
  /// Seconds after which its things are expected to ask again.
  public let pollInterval: Int64
  /// How its devices come in by hawkBit's DDI.
  public let deviceDoor: DeviceDoor

  public init(
    id: Int64, name: String, numericVersions: Bool, confirmWithin: Int64, createdAt: Timestamp, mcus: [MCU],
    retention: Retention = Retention(values: nil, seconds: nil), fourEyes: Bool = false,
    pollInterval: Int64 = Model.defaultPollInterval, deviceDoor: DeviceDoor = .standard
  ) {
    self.id = id
    self.name = name
    self.numericVersions = numericVersions
    self.confirmWithin = confirmWithin
    self.createdAt = createdAt
    self.mcus = mcus
    self.retention = retention
    self.fourEyes = fourEyes
    self.pollInterval = pollInterval
    self.deviceDoor = deviceDoor
  }

  public static let defaultConfirmWithin: Int64 = 900
  public static let defaultPollInterval: Int64 = 300

  public func mcu(named name: String) -> MCU? { mcus.first { $0.name == name } }
}

/// A microcontroller of a model: one slot for one firmware.
public struct MCU: Sendable, Hashable {
  public let id: Int64
  public let name: String
  /// The type key of its software module in hawkBit's words, such as `application` or `os`.
  public let moduleType: String
  /// The part by which DDI names it, where it is not the one of the type.
  public let explicitPart: String?

  public init(id: Int64, name: String, moduleType: String = MCU.defaultModuleType, explicitPart: String? = nil) {
    self.id = id
    self.name = name
    self.moduleType = moduleType
    self.explicitPart = explicitPart
  }

  public static let defaultModuleType = "application"

  /// What a DDI chunk says as its `part`: two types have historic names there, which Zephyr for one insists on.
  public var part: String {
    if let explicitPart { return explicitPart }
    return switch moduleType {
    case "application": "bApp"
    case "runtime": "jvm"
    default: moduleType
    }
  }
}

/// A public key whose signatures a model accepts.
public struct TrustedKey: Sendable, Hashable {
  /// SHA-256 of the key's DER, hexadecimal.
  public let keyID: String
  public let algorithm: String
  public let name: String?
  public let pem: String
  public let addedAt: Timestamp
  public let revokedAt: Timestamp?

  public init(keyID: String, algorithm: String, name: String?, pem: String, addedAt: Timestamp, revokedAt: Timestamp?) {
    self.keyID = keyID
    self.algorithm = algorithm
    self.name = name
    self.pem = pem
    self.addedAt = addedAt
    self.revokedAt = revokedAt
  }
}
