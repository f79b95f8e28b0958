import Domain
import Rollouts
import Synchronization

/// How many things a rollout begins with in a minute, and how many download at the same time. In memory: after a restart the
/// first minute begins anew.
final class RolloutPace: Sendable {
  private struct Count {
    /// Things that may begin now; refilled as time passes.
    var tokens: Double
    var refilledAt: Timestamp
    /// Of those that were counted in the catalog last.
    var inFlight = 0
    var succeeded = 0
    /// Begun while the catalog was being counted, and since then.
    var begunBefore = 0
    var begunSince = 0
  }

  private let counts = Mutex<[Int64: Count]>([:])

  /// Why the rollout takes nobody more now; nil where it does.
  func refusal(_ rollout: Rollout, at now: Timestamp) -> OfferReason? {
    let plan = rollout.plan
    guard plan.rate != nil || plan.concurrent != nil else { return nil }
    return counts.withLock { counts in
      let count = Self.refilled(counts[rollout.id], plan, now)
      counts[rollout.id] = count
      if let most = plan.concurrent, count.inFlight + count.begunBefore + count.begunSince >= most {
        return .tooManyDownloads
      }
      return plan.rate != nil && count.tokens < 1 ? .rateLimited : nil
    }
  }

  /// Notes that a thing has begun.
  func begin(_ rollout: Rollout, at now: Timestamp) {
    guard rollout.plan.rate != nil || rollout.plan.concurrent != nil else { return }
    counts.withLock { counts in
      var count = Self.refilled(counts[rollout.id], rollout.plan, now)
      count.tokens -= 1
      count.begunSince += 1
      counts[rollout.id] = count
    }
  }

  /// What begins from here on is not in the count of the catalog that comes next.
  func beginCounting() {
    counts.withLock { counts in
      for (id, var count) in counts {
        count.begunBefore += count.begunSince
        count.begunSince = 0
        counts[id] = count
      }
    }
  }

  /// Takes the count of the catalog, which has all that was begun before `beginCounting()`.
  func counted(_ rolloutID: Int64, inFlight: Int, succeeded: Int) {
    counts.withLock { counts in
      counts[rolloutID]?.inFlight = inFlight
      counts[rolloutID]?.succeeded = succeeded
      counts[rolloutID]?.begunBefore = 0
    }
  }

  /// Six seconds' worth may begin at once, so that things which come together do not wait for long.
  private static func refilled(_ known: Count?, _ plan: RolloutPlan, _ now: Timestamp) -> Count {
    var rate = Double(plan.rate ?? 0)
    if let step = plan.rateDoublesEvery, let known {
      for _ in 0..<min(20, known.succeeded / max(1, step)) { rate *= 2 }
    }
    let most = max(1, rate / 10)
    guard var count = known else { return Count(tokens: most, refilledAt: now) }
    let seconds = Double(max(0, now.milliseconds - count.refilledAt.milliseconds)) / 1000
    count.tokens = min(most, count.tokens + seconds * rate / 60)
    count.refilledAt = now
    return count
  }
}
