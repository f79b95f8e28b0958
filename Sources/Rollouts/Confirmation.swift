public import Domain

/// What becomes of a firmware when its thing says what it runs: the truth comes from the device after its reboot.
public enum Confirmation {
  /// Applies "this version runs", as a thing says it on a poll or in a report without a status.
  /// - Parameters:
  ///   - target: the firmware that the installation is of.
  ///   - registered: the registered firmware of the version that runs, if there is one.
  ///   - confirmWithin: seconds after the install in which the thing may still say the old version.
  /// - Returns: the next state, or nil when nothing changes.
  public static func apply(
    running: String, boot: String?, to installation: Installation, of target: Firmware, registered: Firmware?,
    confirmWithin: Int64, at now: Timestamp
  ) -> Installation? {
    if running == target.version.text {
      guard installation.state != .confirmed else { return nil }
      var next = InstallationProgress.moved(installation, .confirmed, now)
      next.code = nil
      next.message = nil
      return next
    }
    switch installation.state {
    case .installed: return stillOther(boot: boot, installation, confirmWithin: confirmWithin, at: now)
    // It had confirmed, or had claimed to run it, and now runs something older, or something unknown: it fell back.
    case .confirmed where !isNewer(running, registered: registered, than: target),
      .claimed where !isNewer(running, registered: registered, than: target):
      return InstallationProgress.moved(installation, .rolledBack, now)
    default: return nil
    }
  }

  /// An installed firmware whose thing has said another version, and whose time to confirm has passed, is rolled back even when
  /// the thing says nothing more.
  /// - Returns: the next state, or nil when nothing changes.
  public static func expire(_ installation: Installation, confirmWithin: Int64, at now: Timestamp) -> Installation? {
    guard installation.state == .installed, installation.otherVersionSaidAt != nil, let installedAt = installation.installedAt,
      now >= installedAt.adding(seconds: confirmWithin)
    else { return nil }
    return InstallationProgress.moved(installation, .rolledBack, now)
  }

  /// The thing still says another version after the install: it has not rebooted yet, or it fell back. A boot value that
  /// changed since the install, or the end of the time to confirm, says which.
  private static func stillOther(
    boot: String?, _ installation: Installation, confirmWithin: Int64, at now: Timestamp
  ) -> Installation? {
    var next = installation
    if next.otherVersionSaidAt == nil { next.otherVersionSaidAt = now }
    if let boot {
      if let before = next.bootAtInstall, before != boot { return InstallationProgress.moved(next, .rolledBack, now) }
      next.bootAtInstall = boot
    }
    if let expired = expire(next, confirmWithin: confirmWithin, at: now) { return expired }
    return next == installation ? nil : next
  }

  private static func isNewer(_ running: String, registered: Firmware?, than target: Firmware) -> Bool {
    switch FirmwareVersion(running).flatMap({ FirmwareVersion.compare($0, target.version) }) {
    case .newer: true
    case .older: false
    case .same, nil: registered.map { $0.sequence > target.sequence } ?? false
    }
  }
}
