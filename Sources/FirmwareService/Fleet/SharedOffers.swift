import Domain
import Synchronization

/// What a poll is offered, shared by all things that are offered the same: the same offers are the same object for as long as
/// the releases do not change.
public final class SharedOffers: Sendable {
  private static let made = Atomic<UInt64>(0)

  /// Another one for each, and never 0.
  public let number = SharedOffers.made.add(1, ordering: .relaxed).newValue
  public let firmwares: [OfferedFirmware]
  /// The snapshot of the releases from which they were made; 0 where that does not keep them.
  let generation: UInt64
  /// Whether there is an update among them.
  let hasUpdate: Bool

  init(_ firmwares: [OfferedFirmware], generation: UInt64) {
    self.firmwares = firmwares
    self.generation = generation
    hasUpdate = firmwares.contains { $0.isUpdate }
  }
}

/// The answer to a poll as far as it depends on the thing.
public struct KnownOffers: Sendable {
  public let shared: SharedOffers
  /// Seconds after which the thing should ask again.
  public let retryAfter: Int64

  public var firmwares: [OfferedFirmware] { shared.firmwares }

}

/// Tells one answer from all others, for as long as somebody holds its offers.
public struct AnswerMark: Sendable {
  /// That of its offers.
  public let number: UInt64
  /// Seconds after which the thing should ask again.
  public let retryAfter: Int64
}

extension ReleaseSnapshot {
  /// The most different offers that are kept: things of models with many MCUs can have many.
  static let mostSharedOffers = 4096

  /// The one object for these offers.
  func share(_ offers: [OfferedFirmware]) -> SharedOffers {
    var key: [Int64] = []
    key.reserveCapacity(offers.count * 3)
    for offer in offers {
      key += [offer.firmware.id, (offer.isUpdate ? 1 : 0) + (offer.isDownloadOnly ? 2 : 0), offer.rolloutID ?? -1]
    }
    return sharedOffers.withLock { known in
      if let shared = known[key] { return shared }
      let isKept = known.count < Self.mostSharedOffers
      let shared = SharedOffers(offers, generation: isKept ? generation : 0)
      if isKept { known[key] = shared }
      return shared
    }
  }

  /// The offers of an answer that was remembered for these releases.
  func offers(by mark: AnswerMark) -> KnownOffers? {
    let shared = sharedOffers.withLock { known in known.values.first { $0.number == mark.number } }
    return shared.map { KnownOffers(shared: $0, retryAfter: mark.retryAfter) }
  }
}
