/// Something that happened to a rollout. It is written in the transaction of the change itself, so neither is ever there alone.
public struct RolloutEvent: Sendable, Hashable {
  public enum Kind: String, Sendable, CaseIterable {
    case created, scheduled, started, stageOpened, approvalNeeded, approved, paused, resumed, halted, finished, cancelled
    case reverted
    /// The counts have moved: told to those who listen now, and neither stored nor sent to webhooks.
    case progressed

    /// Whether it is kept, and sent to webhooks.
    public var isStored: Bool { self != .progressed }
  }

  /// 0 until it is stored. Numbers grow in the order of the commits, over all rollouts.
  public let id: Int64
  /// The public id.
  public let rolloutID: String
  /// The name of the model.
  public let model: String
  public let at: Timestamp
  public let kind: Kind
  public let details: [String: String]

  public init(
    id: Int64 = 0, rolloutID: String, model: String, at: Timestamp, kind: Kind, details: [String: String] = [:]
  ) {
    self.id = id
    self.rolloutID = rolloutID
    self.model = model
    self.at = at
    self.kind = kind
    self.details = details
  }
}
