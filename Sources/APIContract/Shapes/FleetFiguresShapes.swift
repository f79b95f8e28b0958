public import Domain

/// How many things last said that they run a version.
public struct VersionThingsShape: Codable, Sendable {
  /// Null for those that have never said one; it is always written.
  public let version: String?
  public let things: Int

  public init(version: String?, things: Int) {
    self.version = version
    self.things = things
  }

  private enum CodingKeys: String, CodingKey { case version, things }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decode(String?.self, forKey: .version)
    things = try container.decode(Int.self, forKey: .things)
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    try container.encode(things, forKey: .things)
  }
}

/// What runs on an MCU of a model's active things.
public struct MCUVersionsShape: Codable, Sendable {
  public let mcu: String
  /// Those that most things run, first; what was never said is last.
  public let versions: [VersionThingsShape]
  /// Things that run versions which are not listed, since there are too many of them.
  public let others: Int?

  public init(mcu: String, versions: [VersionThingsShape], others: Int? = nil) {
    self.mcu = mcu
    self.versions = versions
    self.others = others
  }
}

/// The figures of a model's things.
public struct ModelFleetShape: Codable, Sendable {
  public let model: String
  public let things: Int
  /// Active things: activated and not retired. All figures below but `retired` are of these.
  public let activated: Int
  public let retired: Int
  public let seenLastHour: Int
  public let seenLastDay: Int
  /// Not seen for as long as was asked, or never.
  public let silent: Int
  public let mcus: [MCUVersionsShape]

  public init(
    model: String, things: Int, activated: Int, retired: Int, seenLastHour: Int, seenLastDay: Int, silent: Int,
    mcus: [MCUVersionsShape]
  ) {
    self.model = model
    self.things = things
    self.activated = activated
    self.retired = retired
    self.seenLastHour = seenLastHour
    self.seenLastDay = seenLastDay
    self.silent = silent
    self.mcus = mcus
  }
}

/// An answer.
public struct FleetShape: Codable, Sendable {
  public let models: [ModelFleetShape]
  /// When it was counted: of a large fleet up to some seconds ago.
  public let at: Timestamp

  public init(models: [ModelFleetShape], at: Timestamp) {
    self.models = models
    self.at = at
  }
}
