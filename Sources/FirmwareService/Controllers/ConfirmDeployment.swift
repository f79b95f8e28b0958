import Catalog
public import Domain
import Rollouts

/// Whether a device agrees to updates by itself, and what waits for its agreement.
public struct ConfirmationState: Sendable, Hashable {
  public let autoConfirm: AutoConfirm?
  /// The action, and a number that changes with what is to be read there.
  public let waiting: (id: Int64, content: Int32)?

  public static func == (left: Self, right: Self) -> Bool {
    left.autoConfirm == right.autoConfirm && left.waiting?.id == right.waiting?.id
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(autoConfirm)
    hasher.combine(waiting?.id)
  }
}

extension FirmwareService {
  public func confirmationState(of session: ControllerSession) async throws -> ConfirmationState {
    let poll = try await pollController(session)
    let controller = try await controller(session.controllerID)
    var waiting: (Int64, Int32)?
    if case .confirmation(let id, let content)? = poll.link { waiting = (id, content) }
    return ConfirmationState(autoConfirm: controller?.autoConfirm, waiting: waiting)
  }

  /// Takes whether a device, or whoever is before it, agrees to an update. Where not, the update goes on waiting.
  /// - Throws: `actionClosed`; `unknownAction` for one that does not wait; `quotaExceeded`.
  public func confirmDeployment(
    _ id: Int64, isConfirmed: Bool, code: Int64?, details: [String], of session: ControllerSession
  ) async throws {
    let now = clock()
    let report = DeviceReport(
      execution: isConfirmed ? .proceeding : .rejected, finished: .none, code: code, details: details)
    try Self.check(report)
    let (action, outlook) = try await action(id, of: session)
    guard action.isOpen else { throw ServiceError(.actionClosed, "the action has ended") }
    guard outlook.held == .consentMissing else { throw Self.unknownAction }
    try await translatingErrors {
      do { try await catalog.addReport(report.entry(at: now), toAction: id) } catch let error as CatalogError
        where error.code == .full
      {
        // An agreement is taken however often there was none before.
        guard isConfirmed else { throw ServiceError(.quotaExceeded, error.message) }
      }
    }
    if isConfirmed { try await consent(to: action.rolloutID, action.thingID, at: now) }
  }

  /// Has a device agree to every update by itself from now on.
  /// - Throws: `exists` where it does.
  public func activateAutoConfirm(initiator: String?, remark: String?, of session: ControllerSession) async throws {
    guard session.thingID != nil else { throw Self.unknownAction }
    guard try await controller(session.controllerID)?.autoConfirm == nil else {
      throw ServiceError(.exists, "it confirms by itself already")
    }
    let autoConfirm = AutoConfirm(initiator: initiator, remark: remark, activatedAt: clock())
    try await translatingErrors {
      try await catalog.setAutoConfirm(autoConfirm, ofController: session.controllerID, committed: keep)
    }
  }

  public func deactivateAutoConfirm(of session: ControllerSession) async throws {
    try await translatingErrors {
      try await catalog.setAutoConfirm(nil, ofController: session.controllerID, committed: keep)
    }
  }

  /// Agrees to a rollout for a thing, by the rule for `$consent`.
  func consent(to rolloutID: Int64, _ thingID: Int64, at now: Timestamp) async throws {
    let releases = releases.snapshot
    guard let rules = releases.rules(rolloutID), let model = releases.modelsByID[rules.rollout.modelID] else { return }
    let facts = try await facts(of: thingID, model, releases)
    let commit = try fleet.change(thingID, seenAt: now) { standing in
      try Self.apply(
        ConsentReport(allow: true, rollout: rules.rollout.publicID), to: &standing, model, releases, facts, at: now)
      return nil
    }
    try await settle(commit, of: thingID)
  }
}
