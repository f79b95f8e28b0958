import APIContract
import Domain
import Foundation
import Testing

/// A rollout over a simulated fleet that is ready to go, so that its page can be watched from before it begins to its end. An
/// hour of the service takes six seconds.
struct WatchedRollout: Sendable {
  let trial: RolloutTrial
  /// The id of the rollout, which waits for its start.
  let id: String
  private let fleet: [String]

  var server: RunningServer { trial.workshop.server }
  /// Of the first operator.
  var token: String { server.token }

  /// One that goes through its stages and finishes.
  /// - Parameter isApproved: a person gives the go for each stage after the first, at their leisure: a fleet plays on for more than
  ///   a minute without it.
  static func thatFinishes(things: Int = 60, isApproved: Bool = false) async throws -> WatchedRollout {
    try await ready(things, stages: "20%,60%,100%", isApproved ? ["--approval"] : [], ["--seed", "1"])
  }

  /// One whose firmware fails on half of the things: it halts in its first stage.
  static func thatHalts(things: Int = 120) async throws -> WatchedRollout {
    try await ready(things, stages: "50%,100%", [], ["--fail", "50%", "--seed", "2"])
  }

  private static func ready(
    _ things: Int, stages: String, _ plan: [String], _ fate: [String]
  ) async throws -> WatchedRollout {
    let trial = try await RolloutTrial.open()
    let id = try await trial.create(
      [
        "--stages", stages, "--success", "95%", "--halt-at", "10%", "--min-sample", "5", "--soak", "10m", "--silence", "12h",
      ] + plan)
    return WatchedRollout(trial: trial, id: id, fleet: ["--things", "\(things)", "--start-rollout", id] + fate)
  }

  /// Lets the fleet play: its things are activated, the rollout is started, and they take what it offers, beside the test.
  func play() throws -> StartedProgram { try trial.start(fleet) }

  /// Waits until the fleet has played.
  /// - Returns: the rollout as it is then.
  func end(of fleet: StartedProgram) async throws -> RolloutShape {
    let result = await fleet.result()
    try #require(result.status == 0, "\(result.errors)")
    return try await trial.status(id)
  }

  /// Every page that there is with this in the store, once the fleet has played.
  func pages() async throws -> [OperatorPage] {
    let things = try await trial.workshop.json("thing", "list", "--model", RolloutTrial.model)["things"]
    let thing = try #require(things?[0]?["id"]?.text)
    return OperatorPage.main + [.thing(thing), .rollout(id), .newRollout, .firmware(trial.firmware), .upload]
  }
}
