public import Domain
import GRDB
import Synchronization

/// Halts a rollout in the very transaction that writes the failure which is one too many: after a crash at any point, either
/// both are there or neither, and whoever reads the failure reads the halt.
public final class FailureWatch: Sendable {
  /// Why a rollout has to halt now; nil where it has not.
  public typealias Rule = @Sendable (Rollout, [RolloutCount]) -> (reason: String, event: RolloutEvent)?

  private struct State {
    var rule: Rule = { _, _ in nil }
    var told: @Sendable ([RolloutChange]) -> Void = { _ in }
  }

  private let state = Mutex(State())

  init() {}

  /// - Parameters:
  ///   - rule: asked in the transaction, and must not wait.
  ///   - told: called on the writer once the halts are on the disk, before anybody whose change caused one is answered.
  public func watch(by rule: @escaping Rule, told: @escaping @Sendable ([RolloutChange]) -> Void) {
    state.withLock { $0 = State(rule: rule, told: told) }
  }

  /// Writes what has changed of things, and halts what has to halt by that.
  func record(_ changes: [StandingChange], _ db: Database) throws -> [RolloutChange] {
    var failed: Set<Int64> = []
    for change in changes {
      try Catalog.record(change, db)
      for delivery in change.deliveries where delivery.state.isFailure { failed.insert(delivery.rolloutID) }
    }
    let rule = state.withLock { $0.rule }
    return try failed.sorted().compactMap { id in
      var rollout = try Catalog.rollout(id, db)
      guard let (reason, event) = rule(rollout, try Catalog.plainCounts(of: id, db)) else { return nil }
      rollout.state = .halted
      rollout.haltReason = reason
      rollout.endedAt = event.at
      try Catalog.update(rollout, db)
      return RolloutChange(rollout: rollout, events: [try Catalog.insert(event, db)])
    }
  }

  func tell(_ halted: [RolloutChange]) {
    guard !halted.isEmpty else { return }
    let told = state.withLock { $0.told }
    told(halted)
  }
}
