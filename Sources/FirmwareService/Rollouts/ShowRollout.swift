import Catalog
public import Domain
import Rollouts

/// A rollout as operators see it.
public struct RolloutReport: Sendable {
  public let rollout: Rollout
  public let model: Model
  public let firmwares: [Firmware]
  public let counts: [RolloutCount]
  public let stageStates: [RolloutStageState]
  public let bytesPerSecond: Int64
  /// The public id of the rollout that it reverts.
  public let revertOf: String?

  /// What a person has to do before anything moves: `start`, `approval` or `resume`.
  public var needs: String? {
    switch rollout.state {
    case .draft: model.fourEyes && rollout.approvedBy == nil ? "approval" : "start"
    case .paused, .halted: "resume"
    case .running: stageStates.contains(.awaitingApproval) ? "approval" : nil
    case .scheduled, .finished, .cancelled: nil
    }
  }
}

/// One thing of a rollout.
public struct RolloutThing: Sendable {
  public let publicID: String
  public let delivery: Delivery
}

extension FirmwareService {
  /// A rollout with its counts as they are now.
  /// - Throws: `unknownRollout`.
  public func showRollout(_ publicID: String) async throws -> RolloutReport {
    try await flushObservations()
    return try await reports(of: [try rollout(publicID)])[0]
  }

  /// Rollouts, newest first.
  /// - Parameter publications: whether the publications of firmwares are among them.
  public func listRollouts(
    model name: String?, publications: Bool, within scope: ModelScope = .all, _ page: PageRequest
  ) async throws -> Page<RolloutReport> {
    let modelID = try name.map { try model($0).id }
    let allowed = modelIDs(in: scope)
    let after = try page.rowID() ?? Int64.max
    try await flushObservations()
    let found = releases.snapshot.rollouts.reversed().filter { rollout in
      rollout.id < after && modelID.map { $0 == rollout.modelID } ?? true && (publications || !rollout.isPublication)
        && allowed?.contains(rollout.modelID) ?? true
    }
    let entries = Array(found.prefix(page.limit))
    return Page(
      try await reports(of: entries), next: found.count > page.limit ? entries.last.map { String($0.id) } : nil)
  }

  /// The things that a rollout has so far.
  public func listThings(
    ofRollout publicID: String, state: DeliveryState?, _ page: PageRequest
  ) async throws -> Page<RolloutThing> {
    let rollout = try rollout(publicID)
    let after = try page.rowID()
    try await flushObservations()
    let found = try await translatingErrors {
      try await catalog.deliveries(of: rollout.id, state: state, after: after, limit: page.limit + 1)
    }
    return Page(
      found.prefix(page.limit).map { RolloutThing(publicID: $0.publicID, delivery: $0.delivery) },
      next: found.count > page.limit ? String(found[page.limit - 1].thingID) : nil)
  }

  private func reports(of rollouts: [Rollout]) async throws -> [RolloutReport] {
    let now = clock()
    let releases = releases.snapshot
    let counts = try await translatingErrors { try await catalog.rolloutCounts(of: rollouts.map(\.id)) }
    return try rollouts.map { rollout in
      guard let model = releases.modelsByID[rollout.modelID] else {
        throw ServiceError(.unavailable, "the model of the rollout \(rollout.publicID) is not known")
      }
      return RolloutReport(
        rollout: rollout, model: model, firmwares: rollout.items.compactMap { releases.firmware($0.firmwareID) },
        counts: counts[rollout.id] ?? [],
        stageStates: rollout.stages.indices.map { RolloutProgress.state(of: $0, rollout) },
        bytesPerSecond: speeds.bytesPerSecond(of: rollout.id, at: now),
        revertOf: rollout.revertOf.flatMap { releases.rules($0)?.rollout.publicID })
    }
  }
}
