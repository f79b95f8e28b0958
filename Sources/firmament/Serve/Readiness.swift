import Synchronization

/// Whether requests are served, for `/readyz`.
final class Readiness: Sendable {
  private let state = Atomic(false)

  var isReady: Bool { state.load(ordering: .relaxed) }

  func begin() { state.store(true, ordering: .relaxed) }
}
