import Catalog
public import Domain
import Metrics
import Rollouts

/// What a thing says on a poll about one of its MCUs.
public struct RunningReport: Sendable, Hashable {
  /// May be left out where the model has one MCU.
  public let mcu: String?
  public let version: String
  /// Any text that changes with each boot.
  public let boot: String?

  public init(mcu: String?, version: String, boot: String?) {
    self.mcu = mcu
    self.version = version
    self.boot = boot
  }
}

/// One line of the answer to a poll.
public struct OfferedFirmware: Sendable, Hashable {
  public let firmware: Firmware
  /// Whether the thing may have it now; else it is what it runs already.
  public let isUpdate: Bool
  /// Whether it is to be fetched, and not to be installed yet.
  public var isDownloadOnly = false
  /// The rollout that brings it.
  var rolloutID: Int64?
}

/// The answer to a poll, with what only this service needs to know of it.
public struct Offers: Sendable {
  public let shared: SharedOffers
  /// The rollouts that have something for the thing and let it wait, and why, in the order of its MCUs.
  var held: [HeldOffer] = []
  /// Seconds after which the thing should ask again: always the same for a thing in the same situation.
  public let retryAfter: Int64
  /// Whether the same is answered for as long as nothing changes of the thing, its facts and the releases.
  var isLasting = false

  public var firmwares: [OfferedFirmware] { shared.firmwares }

  /// What of it a thing is told.
  public var known: KnownOffers { KnownOffers(shared: shared, retryAfter: retryAfter) }

  /// Why an MCU has to wait for an update that it belongs to, of the first that has to; nil where none has.
  public var hold: OfferReason? { held.first?.reason }
}

/// That a rollout lets a thing wait.
struct HeldOffer: Sendable, Hashable {
  let rolloutID: Int64
  let reason: OfferReason
}

extension FirmwareService {
  /// Finds the thing that a token belongs to.
  /// - Throws: `unknownThing`, the same for a token that is malformed, unknown or has ended.
  public func identifyThing(_ text: some StringProtocol) async throws -> Int64 {
    guard let token = ThingToken(text),
      let thingID = try await translatingErrors({ try await fleet.identify(token, at: clock()) })
    else { throw ServiceError(.unknownThing, "thing not found") }
    return thingID
  }

  /// Answers a poll: per MCU of the thing's model what it may have now, else what it runs already.
  ///
  /// A poll that says what runs is answered after that is on the disk, where it says anything new. Any other poll waits for
  /// nothing.
  public func offerFirmware(to thingID: Int64, running report: RunningReport?) async throws -> Offers {
    try await offerFirmware(to: thingID, running: report.map { [$0] } ?? [])
  }

  /// The same for a thing that speaks of several of its MCUs at once: all of it is taken, or none.
  public func offerFirmware(to thingID: Int64, running reports: [RunningReport]) async throws -> Offers {
    let now = clock()
    guard let standing = try await translatingErrors({ try await fleet.standing(of: thingID) }),
      let model = releases.snapshot.modelsByID[standing.modelID]
    else { throw ServiceError(.unknownThing, "thing not found") }
    if !reports.isEmpty {
      try await settle(try record(reports, of: thingID, model, releases.snapshot, at: now), of: thingID)
    }
    // What was decided while the thing's word was written counts.
    let releases = releases.snapshot
    let facts = try await facts(of: thingID, model, releases)
    return offers(to: thingID, model, releases, facts, at: now)
  }

  /// The same for a thing that is in memory, where nothing has to be waited for.
  /// - Parameter query: the bytes of the query that `report` was read from, by which the answer is found again.
  /// - Returns: nil where it has to be asked in the other way; nothing is lost by having asked here.
  public func offerFirmware(
    toThingBy token: ThingToken, running report: RunningReport?, asked query: UnsafeRawBufferPointer
  ) -> KnownOffers? {
    let now = clock()
    let releases = releases.snapshot
    guard let thing = fleet.recall(token, at: now), let model = releases.modelsByID[thing.standing.modelID] else { return nil }
    let thingID = thing.standing.thingID
    let needs = releases.needs(ofModel: model.id)
    guard needs.isEmpty || thing.facts?.needs == needs else { return nil }
    if let report {
      // What is new has to be on the disk first.
      do { if try record([report], of: thingID, model, releases, at: now) != nil { return nil } } catch { return nil }
    }
    let offers = offers(to: thing, model, releases, thing.facts?.facts, at: now)
    // A question without a report must not be taken for one with it.
    if offers.isLasting, report == nil || !query.isEmpty {
      fleet.remember(offers.known, of: thingID, to: RepeatedPoll.number(of: query), at: thing.revision)
    }
    return offers.known
  }

  /// The answer to a poll that asks just what the thing asked last, while nothing has changed that it depends on; nil where it
  /// has to be asked in the other way. Notes that the thing was heard of; `count` counts the poll.
  /// - Parameters:
  ///   - token: the bytes of the secret, unchecked.
  ///   - query: the bytes of the query behind `?`, empty where there is none.
  public func recallOffers(
    toThingBy token: UnsafeRawBufferPointer, asked query: UnsafeRawBufferPointer
  ) -> AnswerMark? {
    // What a poll is answered is no older than its beginning.
    let generation = releases.generation
    return fleet.recallAnswer(to: RepeatedPoll(ofThingBy: token, asked: query), of: generation, at: clock())
  }

  /// The same for several at once: what memory has of their things is waited for once, not once for each.
  public func recallOffers(to polls: inout [RepeatedPoll]) {
    guard !polls.isEmpty else { return }
    let generation = releases.generation
    fleet.recallAnswers(to: &polls, of: generation, at: clock())
  }

  /// What an answer that was just recalled consists of; nil where the releases have changed since.
  public func offers(by mark: AnswerMark) -> KnownOffers? { releases.snapshot.offers(by: mark) }

  /// Counts a poll that is answered what was recalled.
  public func count(_ offers: SharedOffers) { figures.count(offers) }

  /// What the rules of a model's rollouts need to know of a thing; nil where they need nothing.
  func facts(of thingID: Int64, _ model: Model, _ releases: ReleaseSnapshot) async throws -> ThingFacts? {
    let needs = releases.needs(ofModel: model.id)
    guard !needs.isEmpty else { return nil }
    return try await translatingErrors { try await fleet.facts(of: thingID, needs) }
  }

  /// - Parameter thingID: of a thing that is in memory; of one that is not, nothing is known.
  func offers(
    to thingID: Int64, _ model: Model, _ releases: ReleaseSnapshot, _ facts: ThingFacts?, isWhole: Bool = false,
    at now: Timestamp
  ) -> Offers {
    guard let thing = fleet.recall(thingID) else {
      return Offers(shared: releases.share([]), retryAfter: model.pollInterval)
    }
    return offers(to: thing, model, releases, facts, isWhole: isWhole, at: now)
  }

  func offers(
    to thing: FleetTable.KnownThing, _ model: Model, _ releases: ReleaseSnapshot, _ facts: ThingFacts?, isWhole: Bool = false,
    at now: Timestamp
  ) -> Offers {
    var offers: [OfferedFirmware] = []
    var held: [HeldOffer] = []
    // Rollouts that the thing begins with: they may have begun with too many others meanwhile.
    var begun: [Rollout] = []
    var retryAfter = model.pollInterval
    var isLasting = false
    func isAdmitted() -> Bool {
      guard begun.allSatisfy({ pace.refusal($0, at: now) == nil }) else { return false }
      for rollout in begun { pace.begin(rollout, at: now) }
      return true
    }
    fleet.observe(thing, at: now, if: isAdmitted) { standing in
      let before = standing
      (offers, held, begun, isLasting) = ([], [], [], true)
      for mcu in model.mcus {
        let question = question(mcu, standing, model, releases, facts, isWhole: isWhole, at: now)
        let decision = OfferDecision.decide(question)
        isLasting = isLasting && decision.isTimeless
        switch decision.verdict {
        case .offer(let firmware):
          offers.append(
            OfferedFirmware(
              firmware: firmware, isUpdate: true, isDownloadOnly: decision.rules?.rollout.plan.downloadOnly ?? false,
              rolloutID: decision.rules?.rollout.id))
          Self.noteOffer(of: firmware, by: decision.rules?.rollout, in: &standing, at: now)
        case .current(let firmware): offers.append(OfferedFirmware(firmware: firmware, isUpdate: false))
        case .nothing: break
        }
        if decision.reason.isHold, let rules = decision.rules {
          held.append(HeldOffer(rolloutID: rules.rollout.id, reason: decision.reason))
        }
        if DeliveryProgress.apply(decision, question, to: &standing, at: now), let rules = decision.rules {
          begun.append(rules.rollout)
        }
      }
      let hasChanged = standing != before || standing.deliveries.contains { $0.state == .silent }
      if hasChanged { DeliveryProgress.follow(&standing, releases, at: now) }
      retryAfter = Self.retryAfter(standing, model, releases)
      // What is installed is rolled back when its time to be confirmed has passed.
      isLasting = isLasting && !hasChanged && !standing.installations.contains { $0.state == .installed }
      return hasChanged
    }
    let shared = releases.share(offers)
    figures.count(shared)
    return Offers(shared: shared, held: held, retryAfter: retryAfter, isLasting: isLasting)
  }

  /// The question that a poll asks for one MCU.
  func question(
    _ mcu: MCU, _ standing: ThingStanding, _ model: Model, _ releases: ReleaseSnapshot, _ facts: ThingFacts?,
    isWhole: Bool = false, at now: Timestamp, isPresent: Bool = true
  ) -> OfferQuestion {
    OfferQuestion(
      ThingView(standing, model: model, facts: facts, at: now, isPresent: isPresent), mcu: mcu,
      candidates: releases.candidates(mcu.id), releases: releases, isWhole: isWhole,
      pace: { [pace] in pace.refusal($0.rollout, at: now) })
  }

  /// How long a thing should wait: a fifth of the model's interval while it has a part in a rollout that goes on, and for each
  /// thing up to a fifth more or less, always the same, so that those that come together come apart.
  static func retryAfter(_ standing: ThingStanding, _ model: Model, _ releases: ReleaseSnapshot) -> Int64 {
    let hasPart = standing.deliveries.contains { delivery in
      (delivery.state == .waiting || delivery.state.isInFlight)
        && releases.rules(delivery.rolloutID)?.rollout.state == .running
    }
    let interval = hasPart ? min(model.pollInterval, max(10, model.pollInterval / 5)) : model.pollInterval
    let place = Int64(RolloutShare.place(of: standing.publicID, in: model.name))
    return max(1, (interval * (4_000_000 + 2 * place) + 2_500_000) / 5_000_000)
  }

  private static func noteOffer(
    of firmware: Firmware, by rollout: Rollout?, in standing: inout ThingStanding, at now: Timestamp
  ) {
    let known = standing.installation(of: firmware.id)
    var next =
      InstallationProgress.observe(
        .offered, on: known, of: firmware.id, attempts: rollout?.plan.attempts ?? 1, at: now) ?? known
    next?.rolloutID = rollout?.id
    if let next, next != known { standing.set(next) }
    var mcu = standing.mcu(firmware.mcuID) ?? MCUStanding(mcuID: firmware.mcuID)
    guard mcu.firmwareID != firmware.id else { return }
    mcu.firmwareID = firmware.id
    standing.set(mcu)
  }

  /// - Returns: what has to be on the disk before the thing is answered, if anything.
  func record(
    _ reports: [RunningReport], of thingID: Int64, _ model: Model, _ releases: ReleaseSnapshot, at now: Timestamp
  ) throws -> PendingCommit? {
    try fleet.change(thingID, seenAt: now) { standing in
      for report in reports { try Self.apply(report, to: &standing, model, releases, at: now) }
      return nil
    }
  }

  /// Waits for a commit. A change that could not be made durable is taken back out of memory.
  func settle(_ commit: PendingCommit?, of thingID: Int64) async throws {
    guard let commit else { return }
    try await withCheckedThrowingContinuation { continuation in
      settle(commit, of: thingID) { continuation.resume(with: $0.mapError(ServiceError.translated)) }
    }
  }

  /// The same without waiting: `done` is called on the catalog's writer.
  func settle(
    _ commit: PendingCommit, of thingID: Int64, done: @escaping @Sendable (Result<Void, any Error>) -> Void
  ) {
    let start = ContinuousClock.now
    commit.whenDone { [fleet, figures] outcome in
      switch outcome {
      case .success: figures.commitSeconds.record(duration: ContinuousClock.now - start)
      case .failure: fleet.forget(thingID)
      }
      fleet.settled(commit, of: thingID)
      done(outcome)
    }
  }
}
