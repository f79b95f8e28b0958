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
  public func offerFirmware(to thingID: Int64, running report: RunningReport?) async throws -> [OfferedFirmware] {
    let now = clock()
    let releases = releases.snapshot
    guard let standing = try await translatingErrors({ try await fleet.standing(of: thingID) }),
      let model = releases.modelsByID[standing.modelID]
    else { throw ServiceError(.unknownThing, "thing not found") }
    if let report {
      try await settle(try record(report, of: thingID, model, releases, at: now), of: thingID)
    }
    return offers(to: thingID, model, releases, at: now)
  }

  /// The same for a thing that is in memory, where nothing has to be waited for.
  /// - Returns: nil where it has to be asked in the other way; nothing is lost by having asked here.
  public func offerFirmware(toThingBy token: ThingToken, running report: RunningReport?) -> [OfferedFirmware]? {
    let now = clock()
    let releases = releases.snapshot
    guard let standing = fleet.recall(token, at: now), let model = releases.modelsByID[standing.modelID] else { return nil }
    if let report {
      // What is new has to be on the disk first.
      do { if try record(report, of: standing.thingID, model, releases, at: now) != nil { return nil } } catch { return nil }
    }
    return offers(to: standing.thingID, model, releases, at: now)
  }

  /// - Parameter thingID: of a thing that is in memory.
  private func offers(
    to thingID: Int64, _ model: Model, _ releases: ReleaseIndex.Snapshot, at now: Timestamp
  ) -> [OfferedFirmware] {
    var offers: [OfferedFirmware] = []
    fleet.observe(thingID, at: now) { standing in
      var changed: [(mcuID: Int64, firmwareID: Int64)] = []
      for mcu in model.mcus {
        switch Self.decide(mcu, standing, releases).verdict {
        case .offer(let firmware):
          offers.append(OfferedFirmware(firmware: firmware, isUpdate: true))
          if Self.noteOffer(of: firmware, in: &standing, at: now) { changed.append((mcu.id, firmware.id)) }
        case .current(let firmware): offers.append(OfferedFirmware(firmware: firmware, isUpdate: false))
        case .nothing: break
        }
      }
      return changed
    }
    figures.count(offers)
    return offers
  }

  /// The decision for one MCU, from what is known of the thing.
  static func decide(_ mcu: MCU, _ standing: ThingStanding, _ releases: ReleaseIndex.Snapshot) -> OfferDecision {
    let running = standing.mcu(mcu.id)?.running
    let published = releases.published[mcu.id]
    return OfferDecision.decide(
      OfferFacts(
        published: published, running: running,
        runningFirmware: running.flatMap { releases.firmware(mcuID: mcu.id, version: $0) },
        installation: published.flatMap { standing.installation(of: $0.id) }))
  }

  private static func noteOffer(of firmware: Firmware, in standing: inout ThingStanding, at now: Timestamp) -> Bool {
    let next = InstallationProgress.observe(
      .offered, on: standing.installation(of: firmware.id), of: firmware.id, at: now)
    var mcu = standing.mcu(firmware.mcuID) ?? MCUStanding(mcuID: firmware.mcuID)
    guard next != nil || mcu.firmwareID != firmware.id else { return false }
    if let next { standing.set(next) }
    mcu.firmwareID = firmware.id
    standing.set(mcu)
    return true
  }

  /// - Returns: what has to be on the disk before the thing is answered, if anything.
  private func record(
    _ report: RunningReport, of thingID: Int64, _ model: Model, _ releases: ReleaseIndex.Snapshot, at now: Timestamp
  ) throws -> PendingCommit? {
    try fleet.change(thingID, seenAt: now) { standing in
      try Self.apply(report, to: &standing, model, releases, at: now)
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
