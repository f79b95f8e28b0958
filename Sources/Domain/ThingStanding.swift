/// Everything that decides what a thing may have, in one value: what it said it runs, and where each firmware stands on it.
public struct ThingStanding: Sendable, Hashable {
  public let thingID: Int64
  public let publicID: String
  public let modelID: Int64
  /// One entry for each MCU that anything is known of.
  public var mcus: [MCUStanding]
  /// One entry for each firmware that was ever offered or reported.
  public var installations: [Installation]
  /// One entry for each rollout that has the thing.
  public var deliveries: [Delivery]

  public init(
    thingID: Int64, publicID: String, modelID: Int64, mcus: [MCUStanding], installations: [Installation],
    deliveries: [Delivery] = []
  ) {
    self.thingID = thingID
    self.publicID = publicID
    self.modelID = modelID
    self.mcus = mcus
    self.installations = installations
    self.deliveries = deliveries
  }

  public func mcu(_ id: Int64) -> MCUStanding? { mcus.first { $0.mcuID == id } }

  public func installation(of firmwareID: Int64) -> Installation? { installations.first { $0.firmwareID == firmwareID } }

  public func delivery(of rolloutID: Int64) -> Delivery? { deliveries.first { $0.rolloutID == rolloutID } }

  public mutating func set(_ delivery: Delivery) {
    if let index = deliveries.firstIndex(where: { $0.rolloutID == delivery.rolloutID }) {
      deliveries[index] = delivery
    } else {
      deliveries.append(delivery)
    }
  }

  public mutating func set(_ standing: MCUStanding) {
    if let index = mcus.firstIndex(where: { $0.mcuID == standing.mcuID }) {
      mcus[index] = standing
    } else {
      mcus.append(standing)
    }
  }

  public mutating func set(_ installation: Installation) {
    if let index = installations.firstIndex(where: { $0.firmwareID == installation.firmwareID }) {
      installations[index] = installation
    } else {
      installations.append(installation)
    }
  }
}

/// What is known of one MCU of a thing.
public struct MCUStanding: Sendable, Hashable {
  public let mcuID: Int64
  /// The version that the thing last said it runs.
  public var running: String?
  /// The boot value that came with it.
  public var boot: String?
  public var reportedAt: Timestamp?
  /// The firmware that the thing's present state is about: the one last offered or reported.
  public var firmwareID: Int64?

  public init(
    mcuID: Int64, running: String? = nil, boot: String? = nil, reportedAt: Timestamp? = nil, firmwareID: Int64? = nil
  ) {
    self.mcuID = mcuID
    self.running = running
    self.boot = boot
    self.reportedAt = reportedAt
    self.firmwareID = firmwareID
  }
}

/// One firmware on one thing.
public struct Installation: Sendable, Hashable {
  public let firmwareID: Int64
  /// The rollout that offered it last.
  public var rolloutID: Int64?
  public var state: InstallationState
  /// When it came into this state.
  public var since: Timestamp
  /// When the thing first said that it is installed.
  public var installedAt: Timestamp?
  /// The boot value known at that moment: a different one means that it has rebooted since.
  public var bootAtInstall: String?
  /// When the thing, after that, first said that it still runs something else.
  public var otherVersionSaidAt: Timestamp?
  /// The code and message of a failure, as the thing gave them.
  public var code: String?
  public var message: String?
  /// Bytes of the image that the server has sent it, repeated ranges counted again.
  public var bytesServed: Int64
  /// How often it has failed.
  public var attempts: Int

  public init(
    firmwareID: Int64, rolloutID: Int64? = nil, state: InstallationState, since: Timestamp, installedAt: Timestamp? = nil,
    bootAtInstall: String? = nil, otherVersionSaidAt: Timestamp? = nil, code: String? = nil, message: String? = nil,
    bytesServed: Int64 = 0, attempts: Int = 0
  ) {
    self.firmwareID = firmwareID
    self.rolloutID = rolloutID
    self.state = state
    self.since = since
    self.installedAt = installedAt
    self.bootAtInstall = bootAtInstall
    self.otherVersionSaidAt = otherVersionSaidAt
    self.code = code
    self.message = message
    self.bytesServed = bytesServed
    self.attempts = attempts
  }
}
