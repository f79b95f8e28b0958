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

  func hash(into hasher: inout Hasher) { hasher.combine(low) }
}

/// What memory has of one thing. It belongs to the fleet's table, and is touched under its lock alone.
final class ThingRecord {
  /// How many lines of 64 bytes what a remembered answer takes lies in. It stands first, and together.
  static let hotLines = 2

  /// The token by which it came first; others are in the table.
  var key = TokenKey.none
  private var seen = Int64.min
  /// The number of what its last poll was offered, by which releases, and to which question; 0 where it has to be decided anew.
  /// The releases hold the offers.
  private var number: UInt64 = 0
  private var generation: UInt64 = 0
  private var query: UInt64 = 0
  private var retryAfter: Int32 = 0
  /// Whether it was heard of since that was written last.
  var isNewlySeen = false
  let thingID: Int64
  private var packed: PackedStanding
  /// What the facts in `packed` are answers to; nil where there are none.
  private var needs: SharedNeeds?
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
    packed = PackedStanding(standing, keepingFactsOf: packed)
    forgetAnswer(revision: revision)
  }

  /// What rules asked of it, as far as it was read. What rests on them is forgotten by whoever changes them.
  var facts: KnownFacts? {
    get { needs.map { KnownFacts($0, bytes: packed.facts) } }
    set {
      guard newValue != nil || needs != nil else { return }
      packed = packed.replacing(facts: newValue?.bytes ?? [])
      needs = newValue?.shared
    }
  }

  /// When it was last heard of, since memory has it.
  var seenAt: Timestamp? {
    get { seen == .min ? nil : Timestamp(milliseconds: seen) }
    set { seen = newValue?.milliseconds ?? .min }
  }

  func hasDelivery(of rolloutID: Int64) -> Bool { packed.hasDelivery(of: rolloutID) }

  func forgetAnswer(revision: UInt64) {
    number = 0
    self.revision = revision
  }

  func remember(_ answer: KnownOffers, to query: UInt64) {
    // Offers that the releases do not hold are of no generation.
    guard let seconds = Int32(exactly: answer.retryAfter), answer.shared.generation != 0 else { return }
    (number, generation, retryAfter, self.query) = (answer.shared.number, answer.shared.generation, seconds, query)
  }

  /// What was answered to the same question by the same releases.
  func answer(to query: UInt64, of generation: UInt64) -> AnswerMark? {
    guard self.query == query, self.generation == generation, number != 0 else { return nil }
    return AnswerMark(number: number, retryAfter: Int64(retryAfter))
  }
}
