import Catalog
import Domain
import Rollouts

extension FirmwareService {
  /// Takes what a device says of an action. It is durable when this returns, and what it says of the update has become part of
  /// the rollout.
  /// - Throws: `unknownAction`, also for one that waits for an agreement; `actionClosed` for one that has ended, unless the
  ///   report is the one that ended it; `quotaExceeded`.
  public func reportDeployment(_ id: Int64, _ report: DeviceReport, of session: ControllerSession) async throws {
    let now = clock()
    try Self.check(report)
    let (action, outlook) = try await action(id, of: session)
    guard outlook.held != .consentMissing || !action.isOpen else { throw Self.unknownAction }
    let entry = report.entry(at: now)
    guard action.isOpen else {
      if action.outcome != .cancelled, action.finalReport == report.signature { return }
      // One closing report may follow where none has come yet: the thing was seen to run it, or had only to download it.
      let mayFollow = action.finalReport.map { action.outcome == .finished && $0.hasPrefix(DeviceReport.downloaded) } ?? true
      guard mayFollow, action.outcome != .cancelled, report.execution == .closed else {
        throw ServiceError(.actionClosed, "the action has ended")
      }
      return try await close(action, action.outcome ?? .finished, report.signature, entry, of: session, at: now)
    }
    switch effect(of: report, on: action, outlook) {
    case .nothing: try await quotas { try await catalog.addReport(entry, toAction: id) }
    case .status(let status):
      try await noteStatus(status, report, of: action, outlook.firmwares, at: now)
      try await quotas { try await catalog.addReport(entry, toAction: id) }
    case .end(let outcome, let status):
      if let status { try await noteStatus(status, report, of: action, outlook.firmwares, at: now) }
      try await close(action, outcome, report.signature, entry, of: session, at: now)
    }
  }

  /// Takes what a device says of being told to stop.
  /// - Throws: `unknownAction`; `notCancelable` for one that was not told to; `quotaExceeded`.
  public func reportCancellation(_ id: Int64, _ report: DeviceReport, of session: ControllerSession) async throws {
    let now = clock()
    try Self.check(report)
    let (action, _) = try await action(id, of: session)
    // A device that has not got the answer says it again, and one whose download was cut by it has said so before.
    if action.outcome == .cancelled, report.execution == .closed || action.finalReport == report.signature { return }
    guard action.isOpen, action.cancellation == .asked else {
      throw ServiceError(.notCancelable, "the action was not told to stop")
    }
    let entry = report.entry(at: now)
    switch (report.execution, report.finished) {
    case (.closed, .failure), (.rejected, _):
      _ = try await quotas {
        try await catalog.setCancellation(
          .rejected, ofAction: id, of: session.controllerID, report: entry, committed: keep)
      }
    case (.closed, _), (.canceled, _):
      try await close(action, .cancelled, report.signature, entry, of: session, at: now)
    case (.proceeding, _), (.scheduled, _), (.resumed, _), (.download, _), (.downloaded, _):
      try await quotas { try await catalog.addReport(entry, toAction: id) }
    }
  }

  /// What a device is to be told where it is to stop.
  /// - Throws: `unknownAction` for an action that is not to stop.
  public func cancellation(_ id: Int64, of session: ControllerSession) async throws {
    let (action, _) = try await action(id, of: session)
    guard action.isOpen, action.cancellation == .asked else { throw Self.unknownAction }
  }

  // MARK: Effects

  private enum Effect {
    case nothing
    case status(ReportedStatus)
    case end(DeviceAction.Outcome, ReportedStatus?)
  }

  /// The table of hawkBit's section on feedback, in our states.
  private func effect(of report: DeviceReport, on action: DeviceAction, _ outlook: ActionOutlook) -> Effect {
    let isDownloadOnly = outlook.rules.rollout.plan.downloadOnly
    switch (report.execution, report.finished) {
    case (.closed, .failure):
      // What the service itself cut short has not failed.
      if !outlook.hasDownloaded {
        if outlook.isWithdrawn || action.cancellation != .none { return .end(.cancelled, nil) }
        if outlook.held != nil { return .end(.skipped, nil) }
      }
      return .end(.failed, .failed)
    case (.closed, _):
      // A device that is told to skip an update closes it as a success. One that cannot fetch without installing does the same.
      if action.wasToldToSkip, action.cancellation != .rejected {
        return .end(outlook.isWithdrawn ? .cancelled : .skipped, nil)
      }
      if outlook.held != nil, !outlook.hasDownloaded { return .end(.skipped, nil) }
      guard isDownloadOnly else { return .end(.finished, .installed) }
      return outlook.hasDownloaded ? .end(.finished, .downloaded) : .end(.declined, .rejected)
    case (.downloaded, _): return isDownloadOnly ? .end(.finished, .downloaded) : .status(.downloaded)
    case (.download, _): return .status(.downloading)
    case (.rejected, _): return .end(.declined, .rejected)
    case (.canceled, _), (.proceeding, _), (.scheduled, _), (.resumed, _): return .nothing
    }
  }

  /// Reports firmwares that a thing does not run yet.
  private func noteStatus(
    _ status: ReportedStatus, _ report: DeviceReport, of action: DeviceAction, _ firmwares: [Firmware], at now: Timestamp
  ) async throws {
    let releases = releases.snapshot
    guard let standing = try await translatingErrors({ try await fleet.standing(of: action.thingID) }),
      let model = releases.modelsByID[standing.modelID]
    else { throw Self.unknownAction }
    let facts = try await facts(of: action.thingID, model, releases)
    var isClaim = false
    let commit = try fleet.change(action.thingID, seenAt: now) { standing in
      for firmware in firmwares where standing.mcu(firmware.mcuID)?.running != firmware.version.text {
        if status == .installed, model.deviceDoor.trustsReports, Self.hasFetched(firmware, standing) {
          try Self.claim(firmware, in: &standing, model, releases, at: now)
          isClaim = true
          continue
        }
        try self.apply(
          FirmwareReport(
            mcu: firmware.mcu, version: firmware.version.text, status: status,
            code: report.code.map(String.init), message: report.details.last), to: &standing, model, releases, facts, at: now)
        guard status == .installed, var installation = standing.installation(of: firmware.id),
          installation.state == .installed, installation.otherVersionSaidAt == nil
        else { continue }
        // It has to say within the time for it that it runs this: until then it does not.
        installation.otherVersionSaidAt = now
        standing.set(installation)
      }
      return nil
    }
    try await settle(commit, of: action.thingID)
    if isClaim { figures.countClaim() } else { figures.count(report: status) }
  }

  /// Whether a thing has got anything of a firmware: nobody is believed to run what never left the server.
  private static func hasFetched(_ firmware: Firmware, _ standing: ThingStanding) -> Bool {
    guard let installation = standing.installation(of: firmware.id) else { return false }
    switch installation.state {
    case .downloaded, .installing, .installed: return true
    case .offered, .downloading, .confirmed, .claimed, .failed, .rejected, .rolledBack: return installation.bytesServed > 0
    }
  }

  private func close(
    _ action: DeviceAction, _ outcome: DeviceAction.Outcome, _ finalReport: String, _ entry: ActionReport,
    of session: ControllerSession, at now: Timestamp
  ) async throws {
    // The last word is taken however much was said before.
    try await translatingErrors {
      do {
        _ = try await catalog.closeAction(
          action.id, of: session.controllerID, outcome, finalReport: finalReport, report: entry,
          asksAttributes: outcome == .finished, at: now, committed: keep)
      } catch let error as CatalogError where error.code == .full {
        _ = try await catalog.closeAction(
          action.id, of: session.controllerID, outcome, finalReport: finalReport, report: nil,
          asksAttributes: outcome == .finished, at: now, committed: keep)
      }
    }
  }

  /// Runs what keeps a report, of which only so many are kept.
  private func quotas<Value>(_ body: () async throws -> Value) async throws -> Value {
    do { return try await body() } catch let error as CatalogError where error.code == .full {
      throw ServiceError(.quotaExceeded, error.message)
    } catch { throw ServiceError.translated(error) }
  }
}
