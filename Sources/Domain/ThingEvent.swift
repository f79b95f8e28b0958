/// One entry of the history of a thing: what became of it, in the order in which the store was told.
public struct ThingEvent: Sendable, Hashable {
  public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
    /// The life of the thing, and what operators did to it; who that was is in the audit log.
    case created, imported, activated, tokenRotated, reset, retried, retired
    /// A user became its owner, or is it no more.
    case linked, unlinked
    /// An MCU said that it runs another version than before.
    case running
    /// A firmware came into another state on it, or failed once more.
    case state
    /// A rollout counted it in, or came to an end on it.
    case joined, ended
  }

  /// Its place in the history of the thing, growing from 1.
  public let number: Int64
  /// The time of what is told, not that of the writing.
  public let at: Timestamp
  public let kind: Kind
  /// The MCU's name.
  public let mcu: String?
  public let version: String?
  /// Of a firmware (`state`) or of a rollout on the thing (`joined`, `ended`).
  public let state: DeliveryState?
  /// The rollout's public id.
  public let rollout: String?
  /// The code of a failure as the thing gave it; of a rollout why it waits or why it failed.
  public let code: String?
  public let message: String?

  public init(
    number: Int64, at: Timestamp, kind: Kind, mcu: String? = nil, version: String? = nil, state: DeliveryState? = nil,
    rollout: String? = nil, code: String? = nil, message: String? = nil
  ) {
    self.number = number
    self.at = at
    self.kind = kind
    self.mcu = mcu
    self.version = version
    self.state = state
    self.rollout = rollout
    self.code = code
    self.message = message
  }
}
