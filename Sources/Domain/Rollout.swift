/// How far a rollout has come as a whole.
public enum RolloutState: String, Sendable, Hashable, Codable, CaseIterable {
  /// Created, and waiting for somebody to start it.
  case draft
  /// Starts by itself at a given time.
  case scheduled
  case running
  /// A person has stopped it for now.
  case paused
  /// It has stopped itself; a person may resume it.
  case halted
  /// Every thing that it was for has reached an end. Things that appear later still get it.
  case finished
  case cancelled

  /// Whether things may be offered what it delivers.
  public var isOpen: Bool { self == .running || self == .finished }

  /// Whether it may still change by itself or be paused: it has begun, and has no end yet.
  public var isUnderWay: Bool { self == .running || self == .paused || self == .halted }
}

/// The delivery of one firmware for each of one or several MCUs of a model to the things that its target selects, in stages.
public struct Rollout: Sendable, Hashable {
  /// The row's id; never leaves the service.
  public let id: Int64
  public let publicID: String
  public let modelID: Int64
  public let plan: RolloutPlan
  /// In the order in which a thing gets them. Empty for one that reverts another: each thing has its own there.
  public let items: [RolloutItem]
  /// The rollout whose things it takes back to what each of them ran before.
  public let revertOf: Int64?
  /// Whether it is the publication of a firmware: to all, in one stage.
  public let isPublication: Bool
  public let createdAt: Timestamp
  public let createdBy: String
  public var state: RolloutState
  public var stages: [RolloutStage]
  public var startedAt: Timestamp?
  /// When it halted, finished or was cancelled.
  public var endedAt: Timestamp?
  /// Why it halted, for people.
  public var haltReason: String?
  /// The second operator, where the model asks for four eyes.
  public var approvedBy: String?

  public init(
    id: Int64, publicID: String, modelID: Int64, plan: RolloutPlan, items: [RolloutItem], revertOf: Int64?,
    isPublication: Bool, createdAt: Timestamp, createdBy: String, state: RolloutState, stages: [RolloutStage],
    startedAt: Timestamp? = nil, endedAt: Timestamp? = nil, haltReason: String? = nil, approvedBy: String? = nil
  ) {
    self.id = id
    self.publicID = publicID
    self.modelID = modelID
    self.plan = plan
    self.items = items
    self.revertOf = revertOf
    self.isPublication = isPublication
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.state = state
    self.stages = stages
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.haltReason = haltReason
    self.approvedBy = approvedBy
  }

  /// The place of the newest stage that is open or was; nil before the first.
  public var newestStage: Int? { stages.lastIndex { $0.openedAt != nil } }
}

/// One firmware of a rollout.
public struct RolloutItem: Sendable, Hashable, Codable {
  public let mcuID: Int64
  public let firmwareID: Int64

  public init(mcuID: Int64, firmwareID: Int64) {
    self.mcuID = mcuID
    self.firmwareID = firmwareID
  }
}

/// One stage of a rollout: which part of the target it opens to, and how far it is.
public struct RolloutStage: Sendable, Hashable {
  public let scope: Scope
  /// When it opened; nil before that.
  public var openedAt: Timestamp?
  /// When the things that it has were all counted; until then nothing is concluded from its counts.
  public var countedAt: Timestamp?
  /// Since when enough of its things have succeeded for the next stage to open.
  public var satisfiedAt: Timestamp?
  /// Who gave the go for the next stage, where a person has to.
  public var approvedBy: String?

  public init(
    scope: Scope, openedAt: Timestamp? = nil, countedAt: Timestamp? = nil, satisfiedAt: Timestamp? = nil,
    approvedBy: String? = nil
  ) {
    self.scope = scope
    self.openedAt = openedAt
    self.countedAt = countedAt
    self.satisfiedAt = satisfiedAt
    self.approvedBy = approvedBy
  }

  public enum Scope: Sendable, Hashable {
    /// So many millionths of the target, by a hash of thing and rollout.
    case share(Int)
    /// The things of the target with this tag.
    case tag(String)

    /// `10%` or `tag:canary`.
    public var text: String {
      switch self {
      case .share(let share): RolloutShare.text(share)
      case .tag(let name): "tag:\(name)"
      }
    }
  }
}

/// How many things of a rollout are where. Kept as counters that move in the transaction that moves the thing.
public struct RolloutCount: Sendable, Hashable {
  public let stage: Int
  public let state: DeliveryState
  /// Why it waits, or the code of the failure; empty for neither.
  public let reason: String
  /// Whether these are failures that a person knew of who resumed the rollout.
  public let isPardoned: Bool
  public let count: Int

  public init(stage: Int, state: DeliveryState, reason: String, isPardoned: Bool = false, count: Int) {
    self.stage = stage
    self.state = state
    self.reason = reason
    self.isPardoned = isPardoned
    self.count = count
  }
}

/// How far a stage is, for people.
public enum RolloutStageState: String, Sendable, Hashable, Codable, CaseIterable {
  case pending, open
  /// Enough of its things have succeeded, and it has to stay so for a time.
  case soaking
  /// The next stage opens when a person says so.
  case awaitingApproval
  case passed
}
