public import Domain

/// How devices of a model come in by hawkBit's DDI, where it is set; a member that is missing leaves a setting as it is.
public struct DeviceDoorSettings: Codable, Sendable {
  /// What becomes of a controller that comes with the gateway token and is not known; `accept` by default.
  public let unknownThings: DeviceDoor.UnknownThings?
  /// The attribute of `configData` by which a device says what it runs; `sw_version` by default. Up to 128 characters.
  public let versionAttribute: String?
  /// Whether the report of a success alone is believed, for devices that do not say what they run; not by default.
  public let trustsReports: Bool?

  public init(
    unknownThings: DeviceDoor.UnknownThings? = nil, versionAttribute: String? = nil, trustsReports: Bool? = nil
  ) {
    self.unknownThings = unknownThings
    self.versionAttribute = versionAttribute
    self.trustsReports = trustsReports
  }
}

/// How devices of a model come in by hawkBit's DDI.
public struct DeviceDoorShape: Codable, Sendable {
  public let unknownThings: DeviceDoor.UnknownThings
  public let versionAttribute: String
  public let trustsReports: Bool

  public init(unknownThings: DeviceDoor.UnknownThings, versionAttribute: String, trustsReports: Bool) {
    self.unknownThings = unknownThings
    self.versionAttribute = versionAttribute
    self.trustsReports = trustsReports
  }
}

/// How an MCU is named to devices; a member that is missing leaves it as it is.
public struct ModuleSettings: Codable, Sendable {
  /// The type of its software module; `application` by default. Up to 64 characters.
  public let moduleType: String?
  /// What DDI names it; empty for what the type has (`bApp` of `application`, `jvm` of `runtime`, else the type itself).
  public let part: String?

  public init(moduleType: String? = nil, part: String? = nil) {
    self.moduleType = moduleType
    self.part = part
  }
}

/// The body that asks for a model's gateway token.
public struct GatewayTokenRequest: Codable, Sendable {
  /// Whether a new one is made.
  public let rotate: Bool?
  /// Seconds that the old one goes on working then; 86,400 by default.
  public let overlap: Int?

  public init(rotate: Bool? = nil, overlap: Int? = nil) {
    self.rotate = rotate
    self.overlap = overlap
  }
}

/// A model's gateway token.
public struct GatewayTokenShape: Codable, Sendable {
  /// 43 characters of A-Z a-z 0-9 - _.
  public let token: String
  /// Until when the token before it works.
  public let previousExpiresAt: Timestamp?

  public init(token: String, previousExpiresAt: Timestamp? = nil) {
    self.token = token
    self.previousExpiresAt = previousExpiresAt
  }
}
