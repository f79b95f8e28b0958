public import Domain

/// What one MCU of a thing may have now, and why.
public struct OfferDecision: Sendable, Hashable {
  public enum Verdict: Sendable, Hashable {
    /// The thing may have this firmware.
    case offer(Firmware)
    /// Nothing new; this is what it runs already.
    case current(Firmware)
    /// Nothing to say: neither an update nor a firmware of ours that it runs.
    case nothing
  }

  /// Why: a closed list, in the order in which the checks are made. The first that speaks wins.
  public enum Reason: String, Sendable, Hashable, CaseIterable {
    case nothingPublished
    case upToDate
    case olderThanRunning
    case failedBefore
    case rejectedByThing
    case rolledBack
    case awaitingConfirmation
    case offered
  }

  public let verdict: Verdict
  public let reason: Reason
}

/// The facts about one MCU that a decision needs.
public struct OfferFacts: Sendable {
  /// The newest registration among what is published for the MCU.
  public let published: Firmware?
  /// What the thing last said it runs.
  public let running: String?
  /// The registered firmware of that version, if there is one.
  public let runningFirmware: Firmware?
  /// Where the published firmware stands on this thing.
  public let installation: Installation?

  public init(published: Firmware?, running: String?, runningFirmware: Firmware?, installation: Installation?) {
    self.published = published
    self.running = running
    self.runningFirmware = runningFirmware
    self.installation = installation
  }
}

extension OfferDecision {
  public static func decide(_ facts: OfferFacts) -> OfferDecision {
    guard let published = facts.published else { return otherwise(facts, .nothingPublished) }
    if facts.running == published.version.text { return OfferDecision(verdict: .current(published), reason: .upToDate) }
    if let running = facts.running, isOlder(published, than: running, registered: facts.runningFirmware) {
      return otherwise(facts, .olderThanRunning)
    }
    switch facts.installation?.state {
    case .failed: return otherwise(facts, .failedBefore)
    case .rejected: return otherwise(facts, .rejectedByThing)
    case .rolledBack: return otherwise(facts, .rolledBack)
    case .installed: return otherwise(facts, .awaitingConfirmation)
    case .confirmed, .offered, .downloading, .downloaded, .installing, nil:
      return OfferDecision(verdict: .offer(published), reason: .offered)
    }
  }

  /// Nothing older than what a thing runs is ever offered. Where the two texts have no order of their own, the sequence of
  /// registration tells; a version that was never registered here and cannot be compared holds nothing back.
  public static func isOlder(_ candidate: Firmware, than running: String, registered: Firmware?) -> Bool {
    let order = FirmwareVersion(running).flatMap { FirmwareVersion.compare(candidate.version, $0) }
    switch order {
    case .older: return true
    case .newer: return false
    case .same, nil: return registered.map { candidate.sequence < $0.sequence } ?? false
    }
  }

  private static func otherwise(_ facts: OfferFacts, _ reason: Reason) -> OfferDecision {
    OfferDecision(verdict: facts.runningFirmware.map { .current($0) } ?? .nothing, reason: reason)
  }

  /// The reason in words, for whoever asks why.
  public var explanation: String {
    switch reason {
    case .nothingPublished: "nothing is published for this MCU"
    case .upToDate: "it runs the newest published version"
    case .olderThanRunning: "what is published is older than what it runs"
    case .failedBefore: "the update failed on it; `firmament thing retry` offers it again"
    case .rejectedByThing: "the thing rejected the update; `firmament thing retry` offers it again"
    case .rolledBack: "it fell back to another version after the update; `firmament thing retry` offers it again"
    case .awaitingConfirmation: "it has installed the update and has not yet said that it runs it"
    case .offered: "the update is offered to it"
    }
  }
}
