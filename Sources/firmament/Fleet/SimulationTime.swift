/// The time of a simulated fleet, in seconds since it began: real time, but so many times faster.
struct SimulationTime: Sendable {
  let scale: Double
  private let began = ContinuousClock.now

  init(scale: Double) { self.scale = scale }

  var now: Double { (ContinuousClock.now - began) / .seconds(1) * scale }

  func sleep(until moment: Double) async throws {
    let instant = began + .seconds(moment / scale)
    // Too short a wait costs more than it is worth.
    if instant - .now > .milliseconds(1) { try await Task.sleep(until: instant, clock: .continuous) }
  }

  /// So many real seconds in those of the simulation.
  func simulated(_ real: Double) -> Double { real * scale }
}
