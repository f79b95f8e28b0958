public import Domain

/// The body that creates a model.
public struct NewModel: Codable, Sendable {
  /// Up to 64 printable characters.
  public let name: String
  /// At least one; up to 64 printable characters each.
  public let mcus: [String]
  /// Take only whole numbers as versions.
  public let numericVersions: Bool?
  /// Seconds that a thing has to confirm an installed firmware; 900 by default.
  public let confirmWithin: Int?
  /// Whether publishing its firmware needs a second operator; not by default.
  public let fourEyes: Bool?
  /// Seconds after which its things are expected to ask again; 300 by default.
  public let pollInterval: Int?
  /// How its devices come in by hawkBit's DDI.
  public let deviceDoor: DeviceDoorSettings?
  /// How MCUs are named to devices, by their names.
  public let modules: [String: ModuleSettings]?

  public init(
    name: String, mcus: [String], numericVersions: Bool? = nil, confirmWithin: Int? = nil, fourEyes: Bool? = nil,
    pollInterval: Int? = nil, deviceDoor: DeviceDoorSettings? = nil, modules: [String: ModuleSettings]? = nil
  ) {
    self.name = name
    self.mcus = mcus
    self.numericVersions = numericVersions
    self.confirmWithin = confirmWithin
    self.fourEyes = fourEyes
    self.pollInterval = pollInterval
    self.deviceDoor = deviceDoor
    self.modules = modules
  }
}

/// The body that changes a model's settings; a member that is missing leaves one as it is.
public struct ModelSettings: Codable, Sendable {
  /// Whether publishing its firmware needs a second operator.
  public let fourEyes: Bool?
  /// Seconds after which its things are expected to ask again.
  public let pollInterval: Int?
  /// How its devices come in by hawkBit's DDI.
  public let deviceDoor: DeviceDoorSettings?
  /// How MCUs are named to devices, by their names; others stay as they are.
  public let modules: [String: ModuleSettings]?

  public init(
    fourEyes: Bool? = nil, pollInterval: Int? = nil, deviceDoor: DeviceDoorSettings? = nil,
    modules: [String: ModuleSettings]? = nil
  ) {
    self.fourEyes = fourEyes
    self.pollInterval = pollInterval
    self.deviceDoor = deviceDoor
    self.modules = modules
  }
}

/// One MCU of a model.
public struct MCUShape: Codable, Sendable {
  public let name: String
  /// The largest sequence registered for it; 0 when there is none.
  public let newestSequence: Int64
  /// The type of its software module, such as `application` or `os`.
  public let moduleType: String
  /// What DDI names it: its own part, or else that of its type.
  public let part: String

  public init(name: String, newestSequence: Int64, moduleType: String, part: String) {
    self.name = name
    self.newestSequence = newestSequence
    self.moduleType = moduleType
    self.part = part
  }
}

/// A model: a kind of thing, with one or several MCUs that take firmware.
public struct ModelShape: Codable, Sendable {
  public let name: String
  public let mcus: [MCUShape]
  public let numericVersions: Bool
  /// Seconds.
  public let confirmWithin: Int
  public let createdAt: Timestamp
  /// How long values of its things are kept.
  public let retention: RetentionShape
  /// Whether publishing its firmware needs a second operator.
  public let fourEyes: Bool
  /// Seconds after which its things are expected to ask again.
  public let pollInterval: Int
  /// How its devices come in by hawkBit's DDI.
  public let deviceDoor: DeviceDoorShape

  public init(
    name: String, mcus: [MCUShape], numericVersions: Bool, confirmWithin: Int, createdAt: Timestamp,
    retention: RetentionShape, fourEyes: Bool, pollInterval: Int, deviceDoor: DeviceDoorShape
  ) {
    self.name = name
    self.mcus = mcus
    self.numericVersions = numericVersions
    self.confirmWithin = confirmWithin
    self.createdAt = createdAt
    self.retention = retention
    self.fourEyes = fourEyes
    self.pollInterval = pollInterval
    self.deviceDoor = deviceDoor
  }
}

/// How long values of a model's things are kept; a member that is missing sets no limit.
public struct RetentionShape: Codable, Sendable {
  /// The newest so many values of each resource.
  public let values: Int?
  /// Seconds by which a value's `datetime` may lie back; the newest value of each resource stays all the same.
  public let age: Int?

  public init(values: Int? = nil, age: Int? = nil) {
    self.values = values
    self.age = age
  }
}

/// A page of a list.
public struct ModelList: Codable, Sendable {
  public let models: [ModelShape]
  public let next: PageCursor

  public init(models: [ModelShape], next: PageCursor) {
    self.models = models
    self.next = next
  }
}

/// The body that trusts a key.
public struct NewTrustedKey: Codable, Sendable {
  /// A public key as PEM (SubjectPublicKeyInfo): Ed25519 or ECDSA P-256.
  public let pem: String
  /// What people call it.
  public let name: String?

  public init(pem: String, name: String? = nil) {
    self.pem = pem
    self.name = name
  }
}

/// A public key whose signatures a model accepts.
public struct TrustedKeyShape: Codable, Sendable {
  /// SHA-256 of the key's DER, hexadecimal: the `keyid` of its signatures.
  public let id: String
  /// `ed25519` or `ecdsa-p256`.
  public let algorithm: String
  public let name: String?
  public let pem: String
  public let addedAt: Timestamp
  public let revokedAt: Timestamp?

  public init(
    id: String, algorithm: String, name: String? = nil, pem: String, addedAt: Timestamp, revokedAt: Timestamp? = nil
  ) {
    self.id = id
    self.algorithm = algorithm
    self.name = name
    self.pem = pem
    self.addedAt = addedAt
    self.revokedAt = revokedAt
  }
}

/// A page of a list.
public struct TrustedKeyList: Codable, Sendable {
  public let keys: [TrustedKeyShape]
  public let next: PageCursor

  public init(keys: [TrustedKeyShape], next: PageCursor) {
    self.keys = keys
    self.next = next
  }
}
