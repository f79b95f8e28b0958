/// What a rollout is to do, as it was created: it never changes afterwards.
public struct RolloutPlan: Sendable, Hashable, Codable {
  /// Who belongs, as an RSQL expression; nil for every thing of the model.
  public var target: String?
  /// Whether now is the moment, as an RSQL expression; nil for always.
  public var gate: String?
  /// Share of the things with an end that must have succeeded before the next stage opens, 0 to 1.
  public var success = 0.95
  /// Share of the things with an end that may have failed: with more it halts by itself. Nil for never.
  public var haltAt: Double? = 0.05
  /// Things of a stage that must have reached an end before anything is concluded; never more than the stage has.
  public var minSample = 20
  /// Seconds for which a stage must have been good before the next opens.
  public var soak: Int64 = 600
  /// Seconds after which a thing that was offered the update and is not heard of counts as failed; nil for never.
  public var silence: Int64? = 7200
  /// When things may be offered it; none for always.
  public var windows: [String] = []
  /// When it starts by itself.
  public var startAt: Timestamp?
  /// Things that begin in a minute, at most.
  public var rate: Int?
  /// With a rate: it doubles after each so many successes.
  public var rateDoublesEvery: Int?
  /// Things that download at the same time, at most.
  public var concurrent: Int?
  /// Of several rollouts that a thing belongs to, the one with the larger number wins.
  public var priority = 0
  /// Whether things only fetch it and do not install it yet.
  public var downloadOnly = false
  /// Failed attempts after which a thing is not offered it any more.
  public var attempts = 3
  /// Whether the owner of a thing, or the thing itself, has to agree first.
  public var consent = false
  /// Whether a person has to give the go for each stage after the first.
  public var approval = false

  public init() {}

  /// Reads what was stored; what is not there is nil or has its default.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func value<Value: Decodable>(_ key: CodingKeys, _ standard: Value) throws -> Value {
      try container.decodeIfPresent(Value.self, forKey: key) ?? standard
    }
    let standard = RolloutPlan()
    target = try container.decodeIfPresent(String.self, forKey: .target)
    gate = try container.decodeIfPresent(String.self, forKey: .gate)
    success = try value(.success, standard.success)
    haltAt = try container.decodeIfPresent(Double.self, forKey: .haltAt)
    minSample = try value(.minSample, standard.minSample)
    soak = try value(.soak, standard.soak)
    silence = try container.decodeIfPresent(Int64.self, forKey: .silence)
    windows = try value(.windows, standard.windows)
    startAt = try container.decodeIfPresent(Timestamp.self, forKey: .startAt)
    rate = try container.decodeIfPresent(Int.self, forKey: .rate)
    rateDoublesEvery = try container.decodeIfPresent(Int.self, forKey: .rateDoublesEvery)
    concurrent = try container.decodeIfPresent(Int.self, forKey: .concurrent)
    priority = try value(.priority, standard.priority)
    downloadOnly = try value(.downloadOnly, standard.downloadOnly)
    attempts = try value(.attempts, standard.attempts)
    consent = try value(.consent, standard.consent)
    approval = try value(.approval, standard.approval)
  }

  /// That of a firmware's publication: to all at once, and nothing stops it but a person.
  public static var publication: RolloutPlan {
    var plan = RolloutPlan()
    plan.success = 0
    plan.haltAt = nil
    plan.minSample = 1
    plan.soak = 0
    plan.silence = nil
    plan.attempts = 1
    return plan
  }
}
