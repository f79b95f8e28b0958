import Domain
import Synchronization

/// So many attempts in so many seconds: at once, or one after the other as they grow back.
public struct RateLimit: Sendable, Hashable {
  public let count: Int
  public let seconds: Int64

  /// - Precondition: both are at least 1.
  public init(count: Int, seconds: Int64) {
    precondition(count >= 1 && seconds >= 1)
    self.count = count
    self.seconds = seconds
  }
}

/// Counts the attempts of many callers against one limit, each by a bucket of tokens that fills again with time. A caller that
/// was forgotten for the sake of others starts with a full bucket.
final class AttemptBuckets: Sendable {
  private struct Bucket: Sendable {
    var level: Double
    var at: Timestamp
  }

  private let limit: RateLimit
  private let buckets: Mutex<RecentEntries<[UInt8], Bucket>>

  init(_ limit: RateLimit, capacity: Int) {
    self.limit = limit
    buckets = Mutex(RecentEntries(capacity: capacity))
  }

  /// Takes one attempt.
  /// - Throws: `tooOften`, with the seconds until the next one.
  func take(_ caller: [UInt8], at now: Timestamp) throws { try admit(caller, at: now, taking: 1) }

  /// Whether there is an attempt left, without taking it: before work that is done to find out what is asked.
  /// - Throws: `tooOften`, with the seconds until the next one.
  func check(_ caller: [UInt8], at now: Timestamp) throws { try admit(caller, at: now, taking: 0) }

  private func admit(_ caller: [UInt8], at now: Timestamp, taking attempts: Double) throws {
    let wait: Double = buckets.withLock { buckets in
      var bucket = filled(buckets[caller], at: now)
      defer { buckets[caller] = bucket }
      guard bucket.level >= 1 else { return (1 - bucket.level) * Double(limit.seconds) / Double(limit.count) }
      bucket.level -= attempts
      return 0
    }
    guard wait > 0 else { return }
    let seconds = max(1, Int64(wait.rounded(.up)))
    throw ServiceError(.tooOften, "too many attempts: try again in \(seconds) s", retryAfter: seconds)
  }

  /// Gives an attempt back that shall not count.
  func giveBack(_ caller: [UInt8], at now: Timestamp) {
    buckets.withLock { buckets in
      var bucket = filled(buckets[caller], at: now)
      bucket.level = min(Double(limit.count), bucket.level + 1)
      buckets[caller] = bucket
    }
  }

  private func filled(_ bucket: Bucket?, at now: Timestamp) -> Bucket {
    guard let bucket else { return Bucket(level: Double(limit.count), at: now) }
    let elapsed = Double(max(0, now.milliseconds - bucket.at.milliseconds)) / 1000
    let level = bucket.level + elapsed * Double(limit.count) / Double(limit.seconds)
    return Bucket(level: min(Double(limit.count), level), at: max(now, bucket.at))
  }
}
