public import Domain

/// Before anything starts: what a rollout would mean.
public struct RolloutPreviewShape: Codable, Sendable {
  public let model: String
  public let firmwares: [RolloutFirmware]
  /// Things of the model.
  public let things: Int
  public let stages: [StagePreview]
  /// Things that would not get it.
  public let excluded: Int
  /// How many each reason or clause excludes, most first.
  public let exclusions: [Exclusion]

  public init(
    model: String, firmwares: [RolloutFirmware], things: Int, stages: [StagePreview], excluded: Int, exclusions: [Exclusion]
  ) {
    self.model = model
    self.firmwares = firmwares
    self.things = things
    self.stages = stages
    self.excluded = excluded
    self.exclusions = exclusions
  }

  /// A stage as it would be now.
  public struct StagePreview: Codable, Sendable {
    public let share: String
    /// Things that it would hold, those of earlier stages left out.
    public let things: Int
    /// Of these, those that the gate would hold now.
    public let held: Int
    /// The ids of a few of them.
    public let sample: [String]

    public init(share: String, things: Int, held: Int, sample: [String]) {
      self.share = share
      self.things = things
      self.held = held
      self.sample = sample
    }
  }

  /// Why things would not get it.
  public struct Exclusion: Codable, Sendable {
    /// Of the closed list that explanations use.
    public let reason: String
    /// The clause of the target that is false.
    public let clause: String?
    public let things: Int
    public let sample: [String]

    public init(reason: String, clause: String?, things: Int, sample: [String]) {
      self.reason = reason
      self.clause = clause
      self.things = things
      self.sample = sample
    }
  }
}

/// Why a thing is offered what it is offered, or not.
public struct ExplanationShape: Codable, Sendable {
  public let thing: String
  public let model: String
  public let at: Timestamp
  public let mcus: [MCUExplanation]

  public init(thing: String, model: String, at: Timestamp, mcus: [MCUExplanation]) {
    self.thing = thing
    self.model = model
    self.at = at
    self.mcus = mcus
  }
}

/// The same for one MCU.
public struct MCUExplanation: Codable, Sendable {
  public let mcu: String
  public let running: String?
  /// The version that it may have now.
  public let offer: String?
  /// Of a closed list.
  public let reason: String
  /// The same for people.
  public let explanation: String
  /// The rollout that decided.
  public let decidedBy: String?
  /// Every rollout that could concern it, in the order in which they are asked.
  public let rollouts: [RolloutExplanation]

  public init(
    mcu: String, running: String?, offer: String?, reason: String, explanation: String, decidedBy: String?,
    rollouts: [RolloutExplanation]
  ) {
    self.mcu = mcu
    self.running = running
    self.offer = offer
    self.reason = reason
    self.explanation = explanation
    self.decidedBy = decidedBy
    self.rollouts = rollouts
  }
}

/// What one rollout says.
public struct RolloutExplanation: Codable, Sendable {
  public let rollout: String
  public let version: String?
  public let state: RolloutState
  /// `offered`, `held`, `current` or `skipped`.
  public let outcome: String
  public let reason: String
  public let clauses: [ClauseShape]

  public init(
    rollout: String, version: String?, state: RolloutState, outcome: String, reason: String, clauses: [ClauseShape]
  ) {
    self.rollout = rollout
    self.version = version
    self.state = state
    self.outcome = outcome
    self.reason = reason
    self.clauses = clauses
  }
}

/// One condition, with what it looked at.
public struct ClauseShape: Codable, Sendable {
  /// `state`, `target`, `stage`, `requires`, `running`, `history`, `order`, `consent`, `gate`, `window` or `pace`.
  public let check: String
  /// As it stands in the rollout.
  public let clause: String
  /// What it is now; absent where there is nothing.
  public let value: String?
  public let holds: Bool
  public let note: String?
  /// Whether the outcome rests on it.
  public let decides: Bool

  public init(check: String, clause: String, value: String?, holds: Bool, note: String?, decides: Bool) {
    self.check = check
    self.clause = clause
    self.value = value
    self.holds = holds
    self.note = note
    self.decides = decides
  }
}
