public import Domain

/// What a new rollout is to do. What is left out has a safe default; `docs/operators.md` lists them.
public struct NewRollout: Codable, Sendable {
  public let model: String
  /// Ids, one for each MCU that is updated, in the order in which a thing gets them.
  public var firmwares: [String]?
  /// In place of ids: the firmware of this version of each MCU that has one.
  public var version: String?
  /// RSQL: who belongs.
  public var target: String?
  /// RSQL: whether now is the moment.
  public var gate: String?
  /// `1%`, `tag:canary`; each holds what the ones before it hold, too.
  public var stages: [String]?
  /// Share of the ends of a stage that must be successes before the next one opens, such as `95%`.
  public var success: String?
  /// Share of failures with which it halts by itself, such as `5%`; `never`.
  public var haltAt: String?
  public var minSample: Int?
  /// Seconds.
  public var soak: Int64?
  /// Seconds; 0 for never.
  public var silence: Int64?
  /// `[DAYS ]HH:MM-HH:MM[ ZONE]`, such as `Mon-Fri 22:00-06:00 Europe/Berlin`.
  public var windows: [String]?
  public var startAt: Timestamp?
  /// Things that begin in a minute.
  public var rate: Int?
  public var rateDoublesEvery: Int?
  public var concurrent: Int?
  public var priority: Int?
  public var downloadOnly: Bool?
  public var attempts: Int?
  public var consent: Bool?
  public var approval: Bool?

  public init(model: String) { self.model = model }
}

/// A firmware of a rollout.
public struct RolloutFirmware: Codable, Sendable {
  public let id: String
  public let mcu: String
  public let version: String

  public init(id: String, mcu: String, version: String) {
    self.id = id
    self.mcu = mcu
    self.version = version
  }
}

/// What a rollout does, with its defaults filled in.
public struct RolloutPlanShape: Codable, Sendable {
  public let target: String?
  public let gate: String?
  public let success: String
  public let haltAt: String
  public let minSample: Int
  /// Seconds.
  public let soak: Int64
  /// Seconds; 0 for never.
  public let silence: Int64
  public let windows: [String]
  public let startAt: Timestamp?
  public let rate: Int?
  public let rateDoublesEvery: Int?
  public let concurrent: Int?
  public let priority: Int
  public let downloadOnly: Bool
  public let attempts: Int
  public let consent: Bool
  public let approval: Bool

  public init(_ plan: RolloutPlan, success: String, haltAt: String) {
    target = plan.target
    gate = plan.gate
    self.success = success
    self.haltAt = haltAt
    minSample = plan.minSample
    soak = plan.soak
    silence = plan.silence ?? 0
    windows = plan.windows
    startAt = plan.startAt
    rate = plan.rate
    rateDoublesEvery = plan.rateDoublesEvery
    concurrent = plan.concurrent
    priority = plan.priority
    downloadOnly = plan.downloadOnly
    attempts = plan.attempts
    consent = plan.consent
    approval = plan.approval
  }
}

/// A stage of a rollout.
public struct RolloutStageShape: Codable, Sendable {
  /// `10%` of the target, or `tag:NAME`.
  public let share: String
  /// `pending`, `open`, `soaking`, `awaitingApproval`, or `passed` where the next one is open or everything is done.
  public let state: RolloutStageState
  public let openedAt: Timestamp?
  /// Since when enough of its things have succeeded.
  public let satisfiedAt: Timestamp?
  public let things: Int
  public let counts: DeliveryCounts
  /// Of those that wait, by reason.
  public let waiting: [String: Int]
  /// Of those that failed, by code; `-` where the thing gave none.
  public let failures: [String: Int]

  public init(
    share: String, state: RolloutStageState, openedAt: Timestamp?, satisfiedAt: Timestamp?, counts: DeliveryCounts,
    waiting: [String: Int], failures: [String: Int]
  ) {
    self.share = share
    self.state = state
    self.openedAt = openedAt
    self.satisfiedAt = satisfiedAt
    things = counts.total
    self.counts = counts
    self.waiting = waiting
    self.failures = failures
  }
}

/// A rollout and where it stands.
public struct RolloutShape: Codable, Sendable {
  public let id: String
  public let model: String
  public let state: RolloutState
  /// Whether it is the publication of a firmware.
  public let publication: Bool
  /// Empty for one that reverts another: each thing gets back what it ran.
  public let firmwares: [RolloutFirmware]
  public let revertOf: String?
  public let plan: RolloutPlanShape
  public let stages: [RolloutStageShape]
  public let counts: DeliveryCounts
  /// Things that it has so far.
  public let things: Int
  /// What its things download now.
  public let bytesPerSecond: Int64
  public let haltReason: String?
  /// Why nothing moves until a person acts: `start`, `approval` or `resume`.
  public let needs: String?
  public let createdAt: Timestamp
  public let createdBy: String
  public let startedAt: Timestamp?
  public let endedAt: Timestamp?
  public let approvedBy: String?

  public init(
    id: String, model: String, state: RolloutState, publication: Bool, firmwares: [RolloutFirmware], revertOf: String?,
    plan: RolloutPlanShape, stages: [RolloutStageShape], counts: DeliveryCounts, bytesPerSecond: Int64, haltReason: String?,
    needs: String?, createdAt: Timestamp, createdBy: String, startedAt: Timestamp?, endedAt: Timestamp?, approvedBy: String?
  ) {
    self.id = id
    self.model = model
    self.state = state
    self.publication = publication
    self.firmwares = firmwares
    self.revertOf = revertOf
    self.plan = plan
    self.stages = stages
    self.counts = counts
    things = counts.total
    self.bytesPerSecond = bytesPerSecond
    self.haltReason = haltReason
    self.needs = needs
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.approvedBy = approvedBy
  }
}

/// A page of a list, newest first.
public struct RolloutList: Codable, Sendable {
  public let rollouts: [RolloutShape]
  public let next: PageCursor

  public init(rollouts: [RolloutShape], next: PageCursor) {
    self.rollouts = rollouts
    self.next = next
  }
}

/// One thing of a rollout.
public struct RolloutThingShape: Codable, Sendable {
  public let thing: String
  /// 1 for the first.
  public let stage: Int
  public let state: DeliveryState
  /// Why it waits, or the code of its failure.
  public let reason: String?
  public let since: Timestamp

  public init(thing: String, stage: Int, state: DeliveryState, reason: String?, since: Timestamp) {
    self.thing = thing
    self.stage = stage
    self.state = state
    self.reason = reason
    self.since = since
  }
}

/// A page of a list.
public struct RolloutThingList: Codable, Sendable {
  public let things: [RolloutThingShape]
  public let next: PageCursor

  public init(things: [RolloutThingShape], next: PageCursor) {
    self.things = things
    self.next = next
  }
}
