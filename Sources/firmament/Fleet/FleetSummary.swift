import Domain

/// What a simulated fleet did in all.
struct FleetSummary: TextRendering {
  /// How a rollout that was watched stood at the end.
  struct WatchedRollout: Encodable {
    let id: String
    let state: RolloutState
  }

  let things: Int
  let activated: Int
  let confirmed: Int
  let failed: Int
  let rolledBack: Int
  let silent: Int
  let polls: Int
  let held: Int
  let bytes: Int64
  let errors: Int
  let gaveUp: Int
  let simulatedSeconds: Int
  let rollouts: [WatchedRollout]

  init(_ figures: FleetTally.Figures, things: Int, seconds: Double, rollouts: [WatchedRollout]) {
    self.things = things
    activated = figures.activated
    confirmed = figures.ends[.confirmed, default: 0]
    failed = figures.ends[.failed, default: 0]
    rolledBack = figures.ends[.rolledBack, default: 0]
    silent = figures.silent
    polls = figures.polls
    held = figures.held
    bytes = figures.bytes
    errors = figures.errors
    gaveUp = figures.gaveUp
    simulatedSeconds = Int(seconds)
    self.rollouts = rollouts
  }

  var text: String {
    let states = rollouts.map { "\nRollout \($0.id) is \($0.state.rawValue)." }.joined()
    return "\(activated) of \(things) things activated: \(confirmed) installs confirmed, \(failed) failed, "
      + "\(rolledBack) rolled back, \(silent) went silent; \(polls) polls, \(ProgressLine.size(bytes)) downloaded, "
      + "\(errors) errors, in \(ProgressLine.clock(Double(simulatedSeconds))) of simulated time.\(states)"
  }
}
