import Catalog
public import Domain
import Rollouts

/// What a device is to do with a deployment, in the words of DDI.
public struct DeploymentWords: Sendable, Hashable {
  public enum Handling: String, Sendable, Hashable { case skip, attempt, forced }

  public let download: Handling
  public let update: Handling
  /// Whether a window is open now; nil where the rollout has none.
  public let isWindowOpen: Bool?

  /// - Parameters:
  ///   - held: why the thing has to wait, if it has to.
  ///   - isWithdrawn: whether there is nothing to be had any more.
  init(_ plan: RolloutPlan, held: OfferReason?, isWithdrawn: Bool) {
    // Where somebody had to agree, the device may choose the moment.
    let handling: Handling = held != nil || isWithdrawn ? .skip : plan.consent ? .attempt : .forced
    download = handling
    update = plan.downloadOnly ? .skip : handling
    isWindowOpen = plan.windows.isEmpty ? nil : held != .outsideWindow
  }
}

/// An action as its device reads it.
public struct Deployment: Sendable, Hashable {
  public let actionID: Int64
  public let words: DeploymentWords
  /// In the order in which they are to be installed.
  public let chunks: [DeploymentChunk]
  public let history: DeploymentHistory?
}

/// One firmware of a deployment: what DDI calls a software module.
public struct DeploymentChunk: Sendable, Hashable {
  public let mcu: MCU
  public let firmware: Firmware

  public var name: String { "\(firmware.model)-\(firmware.mcu)" }
  /// The name of its one file.
  public var fileName: String { firmware.fileName }
}

/// How an action stands, with what the device said of it, newest first.
public struct DeploymentHistory: Sendable, Hashable {
  /// A word of hawkBit's, in capitals.
  public let status: String
  public let messages: [String]
}

extension FirmwareService {
  /// The most messages of an action that are told.
  static let mostMessages = 100

  /// What a device is to do.
  /// - Parameter history: how many messages are told; a negative number for as many as may be.
  /// - Throws: `unknownAction` for one that is not this device's, that is cancelled, or that waits for an agreement.
  public func deployment(_ id: Int64, history: Int, of session: ControllerSession) async throws -> Deployment {
    let (action, outlook) = try await action(id, of: session)
    guard action.cancellation != .asked, action.outcome != .cancelled, outlook.held != .consentMissing || !action.isOpen else {
      throw Self.unknownAction
    }
    let deployment = try await deployment(action, outlook, history: history)
    // A device that was told to skip closes the action as a success, whenever it gets to it.
    let isSkip = deployment.words.download == .skip
    if action.isOpen, isSkip != action.wasToldToSkip {
      try await translatingErrors {
        try await catalog.noteSkip(isSkip, ofAction: id, of: session.controllerID, committed: keep)
      }
    }
    return deployment
  }

  /// What it has: an action by which it was updated, or that failed on it.
  /// - Throws: `unknownAction` for one that is open or was cancelled.
  public func installedDeployment(_ id: Int64, history: Int, of session: ControllerSession) async throws -> Deployment {
    let (action, outlook) = try await action(id, of: session)
    guard !action.isOpen, action.outcome != .cancelled, action.outcome != .skipped else { throw Self.unknownAction }
    return try await deployment(action, outlook, history: history)
  }

  /// What waits for an agreement.
  /// - Throws: `unknownAction` unless it does.
  public func unconfirmedDeployment(_ id: Int64, history: Int, of session: ControllerSession) async throws -> Deployment {
    let (action, outlook) = try await action(id, of: session)
    guard action.isOpen, outlook.held == .consentMissing else { throw Self.unknownAction }
    return try await deployment(action, outlook, history: history)
  }

  static let unknownAction = ServiceError(.unknownAction, "there is no such action of this controller")

  /// An action of a device, and what it comes to now.
  func action(_ id: Int64, of session: ControllerSession) async throws -> (action: DeviceAction, outlook: ActionOutlook) {
    guard let thingID = session.thingID else { throw Self.unknownAction }
    let known = try await controller(session.controllerID)?.actions.first { $0.id == id }
    let found =
      if let known { known } else { try await translatingErrors { try await catalog.action(id) } }
    guard let action = found, action.thingID == thingID,
      let standing = try await translatingErrors({ try await fleet.standing(of: thingID) }),
      let model = releases.snapshot.modelsByID[standing.modelID]
    else { throw Self.unknownAction }
    let releases = releases.snapshot
    guard let rules = releases.rules(action.rolloutID) else { throw Self.unknownAction }
    let facts = try await facts(of: thingID, model, releases)
    return (action, outlook(of: rules, standing, model, releases, facts, at: clock()))
  }

  private func deployment(_ action: DeviceAction, _ outlook: ActionOutlook, history: Int) async throws -> Deployment {
    let mcus = releases.snapshot.modelsByID[outlook.rules.rollout.modelID]?.mcus ?? []
    let firmwares = action.isOpen ? outlook.firmwares : outlook.items.map(\.firmware)
    let chunks = firmwares.compactMap { firmware in
      mcus.first { $0.id == firmware.mcuID }.map { DeploymentChunk(mcu: $0, firmware: firmware) }
    }
    let words = action.isOpen ? outlook.words : DeploymentWords(outlook.rules.rollout.plan, held: nil, isWithdrawn: false)
    return Deployment(
      actionID: action.id, words: words, chunks: chunks,
      history: history == 0 ? nil : try await self.history(of: action, history))
  }

  private func history(of action: DeviceAction, _ limit: Int) async throws -> DeploymentHistory? {
    let limit = limit < 0 ? Self.mostMessages : min(limit, Self.mostMessages)
    let reports = try await translatingErrors { try await catalog.reports(ofAction: action.id, limit: limit) }
    let messages = reports.flatMap { $0.messages.reversed() }.prefix(limit)
    return messages.isEmpty ? nil : DeploymentHistory(status: Self.status(of: action, reports.first), messages: Array(messages))
  }

  /// Hawkbit's word for how an action stands.
  private static func status(of action: DeviceAction, _ last: ActionReport?) -> String {
    switch action.outcome {
    case .finished, .skipped: return "FINISHED"
    case .failed: return "ERROR"
    case .declined: return "WARNING"
    case .cancelled: return "CANCELED"
    case nil: break
    }
    if action.cancellation == .asked { return "CANCELING" }
    switch last?.execution {
    case .download: return "DOWNLOAD"
    case .downloaded: return "DOWNLOADED"
    case .rejected: return "WARNING"
    case .canceled: return "CANCELED"
    case .closed, .proceeding, .scheduled, .resumed, nil: return "RUNNING"
    }
  }
}

extension Firmware {
  /// The name of its file for devices, ending as its format is known by.
  public var fileName: String {
    let suffix =
      switch format {
      case "swu": "swu"
      case "rauc": "raucb"
      default: "bin"
      }
    let name = "\(model)-\(mcu)-\(version)".utf8.map { byte in
      Base64URL.isCharacter(byte) || byte == UInt8(ascii: ".") ? byte : UInt8(ascii: "-")
    }
    return "\(String(decoding: name, as: UTF8.self)).\(suffix)"
  }
}
