import Catalog
import Domain
import Synchronization

/// The fleet, counted once for all who ask at the same time, and kept for a while where it is large: a page that many people
/// look at must not read a million rows for each of them.
final class FleetCounting: Sendable {
  struct Counted: Sendable {
    let counts: FleetCounts
    let at: Timestamp
  }

  private struct Kept: Sendable {
    let counted: Counted
    let until: ContinuousClock.Instant
  }

  private struct State: Sendable {
    /// By the seconds after which a thing is silent.
    var kept: [Int64: Kept] = [:]
    var underWay: (silentFor: Int64, task: Task<Counted, any Error>)?
  }

  /// How many counts are kept, each with other seconds.
  private static let mostKept = 8

  private let state = Mutex(State())

  /// What is kept, or is being counted, or else what `count` gives. Only one count runs at a time.
  /// - Parameter seconds: how long what was counted is kept, in real time; 0 for not at all.
  func counted(
    silentFor: Int64, keptFor seconds: @escaping @Sendable (Counted) -> Int64,
    _ count: @escaping @Sendable () async throws -> Counted
  ) async throws -> Counted {
    enum Step { case known(Counted), result(Task<Counted, any Error>), turn(Task<Counted, any Error>) }
    while true {
      let step = state.withLock { state -> Step in
        if let kept = state.kept[silentFor], kept.until > .now { return .known(kept.counted) }
        if let underWay = state.underWay {
          return underWay.silentFor == silentFor ? .result(underWay.task) : .turn(underWay.task)
        }
        let task = Task {
          do {
            let counted = try await count()
            end(silentFor, counted, keptFor: seconds(counted))
            return counted
          } catch {
            end(silentFor, nil, keptFor: 0)
            throw error
          }
        }
        state.underWay = (silentFor, task)
        return .result(task)
      }
      switch step {
      case .known(let counted): return counted
      case .result(let task): return try await task.value
      case .turn(let task): _ = await task.result
      }
    }
  }

  private func end(_ silentFor: Int64, _ counted: Counted?, keptFor seconds: Int64) {
    state.withLock { state in
      state.underWay = nil
      let now = ContinuousClock.now
      state.kept = state.kept.filter { $0.value.until > now }
      guard let counted, seconds > 0 else { return }
      if state.kept.count >= Self.mostKept { state.kept = [:] }
      state.kept[silentFor] = Kept(counted: counted, until: now.advanced(by: .seconds(seconds)))
    }
  }
}
