public import Domain

/// What a thing says of a firmware it was told to install: a `$firmware` report with a status.
public struct ProgressReport: Sendable, Hashable {
  public let status: ReportedStatus
  public let boot: String?
  public let code: String?
  public let message: String?

  public init(status: ReportedStatus, boot: String? = nil, code: String? = nil, message: String? = nil) {
    self.status = status
    self.boot = boot
    self.code = code
    self.message = message
  }
}

/// The steps that one firmware takes on one thing. Pure: a state and an event in, the next state out.
///
/// The thing's word outranks what the server sees, and what the thing says it runs outranks every report.
public enum InstallationProgress {
  /// What the server sees itself: an offer made, first bytes served, all bytes served. It only ever moves forward.
  public enum Observation: Sendable { case offered, downloading, downloaded }

  /// - Parameter attempts: how often the firmware may fail on a thing.
  /// - Returns: the next state, or nil when the observation changes nothing.
  public static func observe(
    _ observation: Observation, on installation: Installation?, of firmwareID: Int64, attempts: Int = 1, at now: Timestamp
  ) -> Installation? {
    let target: InstallationState =
      switch observation {
      case .offered: .offered
      case .downloading: .downloading
      case .downloaded: .downloaded
      }
    guard let installation else { return Installation(firmwareID: firmwareID, state: target, since: now) }
    switch (installation.state, target) {
    case (.offered, .downloading), (.offered, .downloaded), (.downloading, .downloaded): return moved(installation, target, now)
    // The thing no longer runs what it once confirmed or claimed (else it would not be offered), and gets it again.
    case (.confirmed, .offered), (.claimed, .offered): return Installation(firmwareID: firmwareID, state: .offered, since: now)
    case (.failed, .offered) where installation.attempts < attempts: return moved(installation, .offered, now)
    default: return nil
    }
  }

  /// Applies a report. What is confirmed or rolled back no longer listens to reports: only what runs can change it. What is
  /// claimed rests on the thing's word alone, which may take it back.
  /// - Parameters:
  ///   - knownBoot: the boot value that the thing last gave, for a report without one.
  ///   - attempts: how often the firmware may fail on a thing; a download that fails before that is only tried again.
  public static func apply(
    _ report: ProgressReport, to installation: Installation?, of firmwareID: Int64, knownBoot: String?, attempts: Int = 1,
    at now: Timestamp
  ) -> Installation {
    var next = installation ?? Installation(firmwareID: firmwareID, state: .offered, since: now)
    if next.state == .confirmed || next.state == .rolledBack { return next }
    let state = InstallationState(report.status)
    if next.state == .claimed, state != .failed, state != .rejected { return next }
    // What is told late or out of turn lifts no hold.
    if isHeld(next.state), [.downloading, .downloaded, .installing].contains(state) { return next }
    // A repeated "installed" keeps the first moment and boot value, or a device that repeats itself could never roll back.
    if state == .installed, next.state == .installed { return next }
    let isDownload = next.state == .offered || next.state == .downloading
    if state == .failed { next.attempts += next.state == .failed ? 0 : 1 }
    next = moved(next, state == .failed && isDownload && next.attempts < attempts ? .offered : state, now)
    next.code = report.code
    next.message = report.message
    if state == .installed {
      next.installedAt = now
      next.bootAtInstall = report.boot ?? knownBoot
      next.otherVersionSaidAt = nil
    }
    return next
  }

  /// Applies "it is installed and runs", said by a thing that cannot say which version runs: nothing but its word stands for
  /// it. What is confirmed already stays so.
  public static func claim(_ installation: Installation?, of firmwareID: Int64, at now: Timestamp) -> Installation {
    let known = installation ?? Installation(firmwareID: firmwareID, state: .offered, since: now)
    if known.state == .confirmed || known.state == .claimed { return known }
    var next = moved(known, .claimed, now)
    if known.state != .installed { next.installedAt = now }
    next.code = nil
    next.message = nil
    return next
  }

  /// Whether the firmware waits for something: the thing's word after its reboot, or an operator's.
  private static func isHeld(_ state: InstallationState) -> Bool { [.installed, .failed, .rejected].contains(state) }

  static func moved(_ installation: Installation, _ state: InstallationState, _ now: Timestamp) -> Installation {
    var next = installation
    if next.state != state { next.since = now }
    next.state = state
    return next
  }
}

extension InstallationState {
  init(_ status: ReportedStatus) {
    self =
      switch status {
      case .downloading: .downloading
      case .downloaded: .downloaded
      case .installing: .installing
      case .installed: .installed
      case .failed: .failed
      case .rejected: .rejected
      }
  }
}
