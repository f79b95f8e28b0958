public import Domain

/// How a rollout moves on by itself: what its counts and the time mean. Pure.
public enum RolloutProgress {
  /// What is to be done next. Each is one change of one row, and is decided anew after it.
  public enum Step: Sendable, Hashable {
    case open(stage: Int)
    /// Enough things of the stage have succeeded, from now on, or they no longer have.
    case satisfied(stage: Int, Bool)
    case halt(String)
    case finish
  }

  /// - Parameter counts: those of all its stages.
  /// - Returns: nil where there is nothing to do but to wait.
  public static func next(_ rollout: Rollout, _ counts: [RolloutCount], at now: Timestamp) -> Step? {
    guard rollout.state == .running else { return nil }
    if let reason = haltReason(rollout, counts, at: now) { return .halt(reason) }
    guard let newest = rollout.newestStage else { return .open(stage: 0) }
    let stage = rollout.stages[newest]
    // Until all of its things are counted, nothing is known of it.
    guard stage.countedAt != nil else { return nil }
    guard newest + 1 < rollout.stages.count else {
      return isDone(rollout, counts) ? .finish : nil
    }
    let figures = StageFigures(counts, stage: newest, rollout, at: now)
    let isGood = figures.things == 0 || figures.isSample && figures.success >= rollout.plan.success
    guard isGood else { return stage.satisfiedAt == nil ? nil : .satisfied(stage: newest, false) }
    guard let since = stage.satisfiedAt else { return .satisfied(stage: newest, true) }
    // There is nothing to learn from a stage without things.
    guard figures.things == 0 || now >= since.adding(seconds: rollout.plan.soak) else { return nil }
    return rollout.plan.approval && stage.approvedBy == nil ? nil : .open(stage: newest + 1)
  }

  /// Why a rollout has to halt, if it has: the share of failures among the things with an end, of one stage or of all.
  public static func haltReason(_ rollout: Rollout, _ counts: [RolloutCount], at now: Timestamp) -> String? {
    guard rollout.state == .running || rollout.state == .finished, let most = rollout.plan.haltAt else { return nil }
    let limit = RolloutShare.text(Int((most * Double(RolloutShare.whole)).rounded()))
    let opened = rollout.stages.indices.filter { rollout.stages[$0].openedAt != nil }
    for stage in opened {
      let figures = StageFigures(counts, stage: stage, rollout, at: now)
      // A stage whose things are not all counted yet has at least those that it asks for as a sample.
      let isSample = rollout.stages[stage].countedAt == nil ? figures.ended >= rollout.plan.minSample : figures.isSample
      guard isSample, figures.failures > most else { continue }
      return "\(figures.failed) of \(figures.ended) things of stage \(stage + 1) failed, "
        + "more than \(limit)"
    }
    let all = StageFigures(counts, stage: nil, rollout, at: now)
    guard all.ended >= rollout.plan.minSample, all.failures > most else { return nil }
    return "\(all.failed) of \(all.ended) things failed, more than \(limit)"
  }

  /// How far a stage is, for people.
  public static func state(of place: Int, _ rollout: Rollout) -> RolloutStageState {
    let stage = rollout.stages[place]
    guard stage.openedAt != nil else { return .pending }
    if place < rollout.newestStage ?? 0 || rollout.state == .finished { return .passed }
    guard rollout.state == .running, stage.satisfiedAt != nil else { return .open }
    return rollout.plan.approval && stage.approvedBy == nil ? .awaitingApproval : .soaking
  }

  private static func isDone(_ rollout: Rollout, _ counts: [RolloutCount]) -> Bool {
    counts.allSatisfy { $0.count == 0 || $0.state.isEnd(downloadOnly: rollout.plan.downloadOnly) }
  }
}

/// What the counts of a stage say.
struct StageFigures {
  private(set) var things = 0
  private(set) var ended = 0
  private(set) var failed = 0
  /// Things that something can be learnt of.
  private var learnable = 0
  private let minSample: Int

  /// Seconds after which a thing that was never heard of since its stage opened is waited for no more, where the rollout does
  /// not say after how long it is silent.
  private static let patience: Int64 = 86_400

  /// - Parameter stage: nil for all of them.
  init(_ counts: [RolloutCount], stage: Int?, _ rollout: Rollout, at now: Timestamp) {
    minSample = rollout.plan.minSample
    for count in counts where stage.map({ $0 == count.stage }) ?? true {
      things += count.count
      // What a person knew of who resumed the rollout teaches nothing new.
      if count.isPardoned { continue }
      if count.state.isEnd(downloadOnly: rollout.plan.downloadOnly) { ended += count.count }
      if count.state.isFailure { failed += count.count }
      let isGone = count.reason == DeliveryProgress.notSeen && Self.hasWaited(rollout, count.stage, now)
      if !isGone { learnable += count.count }
    }
  }

  /// Whether a stage has been open for so long that whoever has not come will not.
  private static func hasWaited(_ rollout: Rollout, _ stage: Int, _ now: Timestamp) -> Bool {
    guard rollout.stages.indices.contains(stage), let openedAt = rollout.stages[stage].openedAt else { return false }
    return now >= openedAt.adding(seconds: rollout.plan.silence ?? patience)
  }

  /// Whether so many have an end that something may be concluded: never more than there are, and at least one.
  var isSample: Bool { ended >= max(1, min(minSample, learnable)) }
  /// Share of the ends, 0 to 1.
  var failures: Double { ended == 0 ? 0 : Double(failed) / Double(ended) }
  var success: Double { ended == 0 ? 0 : Double(ended - failed) / Double(ended) }
}
