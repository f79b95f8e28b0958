import Catalog
import Cryptography
import Domain

/// The answer to the poll of a device of the DDI door that is in memory.
public struct KnownControllerPoll: Sendable {
  public let poll: ControllerPoll
  /// By which it is known whether it would be the same; nil where that may change with time alone.
  public let mark: ControllerPollMark?
}

/// What an answer to a poll of the DDI door rests on: where none of that has changed, the device is answered the same.
public struct ControllerPollMark: Sendable {
  fileprivate enum Credentials: Sendable {
    case target(TokenKey)
    /// The hash of the token.
    case gateway([UInt8], modelID: Int64)
  }

  fileprivate let controllerID: String
  fileprivate let controllerRevision: UInt64
  fileprivate let thingID: Int64
  fileprivate let thingRevision: UInt64
  fileprivate let credentials: Credentials
  fileprivate let offers: SharedOffers
  /// That of the releases.
  fileprivate let generation: UInt64
}

extension FirmwareService {
  /// - Returns: nil for one who came with a certificate, which is a matter of its connection.
  func mark(
    _ controller: ControllerTable.Known, _ thing: FleetTable.KnownThing, _ credentials: ControllerCredentials,
    _ offers: SharedOffers, generation: UInt64
  ) -> ControllerPollMark? {
    let shown: ControllerPollMark.Credentials
    switch credentials {
    case .target(let text):
      guard let token = ThingToken(text) else { return nil }
      shown = .target(TokenKey(token))
    case .gateway(let text): shown = .gateway(SHA256Hasher.digest(of: text), modelID: controller.controller.modelID)
    case .certificate: return nil
    }
    return ControllerPollMark(
      controllerID: controller.controller.controllerID, controllerRevision: controller.revision,
      thingID: thing.standing.thingID, thingRevision: thing.revision, credentials: shown, offers: offers,
      generation: generation)
  }

  /// Whether a device that shows the same as before is answered the same. Where it is, notes that it was heard of, and counts
  /// the poll.
  public func answersAgain(_ mark: ControllerPollMark) -> Bool {
    let now = clock()
    guard mark.generation == releases.generation, controllers[mark.controllerID]?.revision == mark.controllerRevision else {
      return false
    }
    var key: TokenKey?
    switch mark.credentials {
    case .target(let shown): key = shown
    case .gateway(let hash, let modelID):
      guard let owner = gateways[hash], owner.modelID == modelID, owner.expiresAt.map({ now < $0 }) ?? true else {
        return false
      }
    }
    guard fleet.hear(mark.thingID, by: key, ifStill: mark.thingRevision, at: now) else { return false }
    figures.count(mark.offers)
    return true
  }
}
