/// Hands out moments at a steady rate, so that a fleet polls as often as it was told to and not in bursts.
actor Pace {
  private let interval: Duration
  private var next = ContinuousClock.now

  /// - Parameter rate: moments a second.
  init(rate: Double) { interval = .seconds(1 / max(rate, 0.001)) }

  /// Waits for the caller's turn.
  func turn() async throws {
    let mine = max(next, .now)
    next = mine + interval
    try await Task.sleep(until: mine, clock: .continuous)
  }
}
