/// Why a thing is offered what it is offered, or not: a closed list that programs may rely on.
public enum OfferReason: String, Sendable, Hashable, CaseIterable {
  case nothingPublished
  case notStarted
  case halted
  case cancelled
  case notInTarget
  case stageNotOpen
  case requirementNotMet
  case nothingToRevert
  case takenBack
  case withdrawn
  case upToDate
  case olderThanRunning
  case failedBefore
  case rejectedByThing
  case rolledBack
  case awaitingConfirmation
  case awaitingOtherMCU
  case paused
  case consentMissing
  case gateClosed
  case outsideWindow
  case rateLimited
  case tooManyDownloads
  case offered

  /// The reason in words, for whoever asks why.
  public var explanation: String {
    switch self {
    case .nothingPublished: "nothing is published for this MCU"
    case .notStarted: "the rollout has not been started"
    case .halted: "the rollout has halted"
    case .cancelled: "the rollout was cancelled"
    case .notInTarget: "it is not in the target of the rollout"
    case .stageNotOpen: "the stage that it belongs to is not open yet"
    case .requirementNotMet: "it does not have what the firmware requires"
    case .nothingToRevert: "it does not run what the reverted rollout brought"
    case .takenBack: "it was taken back from this firmware by a rollout that reverts"
    case .withdrawn: "the firmware was withdrawn"
    case .upToDate: "it runs the newest published version"
    case .olderThanRunning: "what is published is older than what it runs"
    case .failedBefore: "the update failed on it; `firmament thing retry` offers it again"
    case .rejectedByThing: "the thing rejected the update; `firmament thing retry` offers it again"
    case .rolledBack: "it fell back to another version after the update; `firmament thing retry` offers it again"
    case .awaitingConfirmation: "it has installed the update and has not yet said that it runs it"
    case .awaitingOtherMCU: "another MCU of it comes first"
    case .paused: "held: the rollout is paused"
    case .consentMissing: "held: its owner has not agreed yet"
    case .gateClosed: "held: the gate of the rollout is closed"
    case .outsideWindow: "held: it is outside the hours of the rollout"
    case .rateLimited: "held: as many things as the rollout allows have begun in this minute"
    case .tooManyDownloads: "held: as many things as the rollout allows download now"
    case .offered: "the update is offered to it"
    }
  }

  /// Whether the thing belongs to the rollout and only has to wait.
  public var isHold: Bool {
    switch self {
    case .paused, .consentMissing, .gateClosed, .outsideWindow, .rateLimited, .tooManyDownloads: true
    default: false
    }
  }
}
