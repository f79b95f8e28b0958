/// Where one rollout stands on one thing.
public enum DeliveryState: String, Sendable, Hashable, Codable, CaseIterable {
  /// It belongs to an open stage, and has not been offered anything yet, or is held.
  case waiting
  case offered, downloading, downloaded, installing, installed, confirmed, claimed, failed, rejected, rolledBack
  /// It was offered the update and has not been heard of since, for longer than the rollout allows.
  case silent

  /// Whether it was told to update, and has not come to an end.
  public var isInFlight: Bool {
    switch self {
    case .offered, .downloading, .downloaded, .installing, .installed: true
    case .waiting, .confirmed, .claimed, .failed, .rejected, .rolledBack, .silent: false
    }
  }

  public var isFailure: Bool {
    switch self {
    case .failed, .rejected, .rolledBack, .silent: true
    case .waiting, .offered, .downloading, .downloaded, .installing, .installed, .confirmed, .claimed: false
    }
  }

  /// Whether the thing runs what it was to run, by what it says.
  public var isSuccess: Bool { self == .confirmed || self == .claimed }

  /// Whether nothing more is expected of the thing.
  /// - Parameter downloadOnly: whether the rollout asks for no more than a download.
  public func isEnd(downloadOnly: Bool) -> Bool { isSuccess || isFailure || downloadOnly && self == .downloaded }
}

/// One rollout on one thing.
public struct Delivery: Sendable, Hashable {
  public let rolloutID: Int64
  /// The place of the first stage that the thing belongs to.
  public let stage: Int
  public var state: DeliveryState
  /// Why it waits, or the code of its failure; empty for neither.
  public var reason: String
  /// When it came into this state.
  public var since: Timestamp
  /// When the owner or the thing agreed.
  public var consentAt: Timestamp?
  /// What each MCU ran when it was first offered the rollout's firmware, where that is a registered firmware.
  public var previous: [RolloutItem]
  /// Whether a person knew of its failure and resumed the rollout all the same: it no longer counts against it.
  public var isPardoned: Bool

  public init(
    rolloutID: Int64, stage: Int, state: DeliveryState, reason: String = "", since: Timestamp, consentAt: Timestamp? = nil,
    previous: [RolloutItem] = [], isPardoned: Bool = false
  ) {
    self.rolloutID = rolloutID
    self.stage = stage
    self.state = state
    self.reason = reason
    self.since = since
    self.consentAt = consentAt
    self.previous = previous
    self.isPardoned = isPardoned
  }
}
