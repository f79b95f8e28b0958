import Cryptography
import Domain

/// The first 128 bits of a token's SHA-256.
struct TokenKey: Hashable {
  let high: UInt64
  let low: UInt64

  /// That of no token.
  static let none = TokenKey(high: 0, low: 0)

  private init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  init(_ secret: UnsafeRawBufferPointer) { (high, low, _, _) = SHA256Hasher.words(of: secret) }

  init(_ token: ThingToken) {
    var secret = token.secret
    self = secret.withUTF8 { TokenKey(UnsafeRawBufferPointer($0)) }
  }

  /// Half of it is as good as all: it is a hash already.
  func hash(into hasher: inout Hasher) { hasher.combine(low) }
}

/// What memory has of one thing. It belongs to the fleet's table, and is touched under its lock alone.
final class ThingRecord {
  // What a remembered answer takes stands first, and together.
  private var seen = Int64.min
  /// What its last poll was answered, and to which question; nil where it has to be decided anew.
  private var offers: SharedOffers?
  private var query: UInt64 = 0
  private var retryAfter: Int32 = 0
  /// Whether it was heard of since that was written last.
  var isNewlySeen = false
  /// Whether the table has let go of it.
  var isForgotten = false
  let thingID: Int64
  /// The token by which it came first; others are in the table.
  var key = TokenKey.none
  private var packed: PackedStanding
  /// Another number after each change of what answers rest on: the standing, and the facts. No two records ever share one.
  private(set) var revision: UInt64

  init(_ standing: ThingStanding, revision: UInt64) {
    thingID = standing.thingID
    packed = PackedStanding(standing)
    self.revision = revision
  }

  /// Each use unpacks it.
  var standing: ThingStanding { packed.standing(of: thingID) }

  func replace(_ standing: ThingStanding, revision: UInt64) {
    packed = PackedStanding(standing)
    forgetAnswer(revision: revision)
  }

  /// When it was last heard of, since memory has it.
  var seenAt: Timestamp? {
    get { seen == .min ? nil : Timestamp(milliseconds: seen) }
    set { seen = newValue?.milliseconds ?? .min }
  }

  func hasDelivery(of rolloutID: Int64) -> Bool { packed.hasDelivery(of: rolloutID) }

  func forgetAnswer(revision: UInt64) {
    offers = nil
    self.revision = revision
  }

  func remember(_ answer: KnownOffers, to query: UInt64) {
    guard let seconds = Int32(exactly: answer.retryAfter) else { return }
    (offers, retryAfter, self.query) = (answer.shared, seconds, query)
  }

  /// What was answered to the same question by the same releases.
  func answer(to query: UInt64, of generation: UInt64) -> KnownOffers? {
    guard let offers, self.query == query, offers.generation == generation else { return nil }
    return KnownOffers(shared: offers, retryAfter: Int64(retryAfter))
  }
}
