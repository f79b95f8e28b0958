import APIClient
import APIContract
import ArgumentParser

/// Which rollout: by its id, or the newest.
struct RolloutSelection: ParsableArguments {
  @Argument(help: "The rollout, as firmament rollout list shows it.") var id: String?
  @Flag(help: "In place of an id: the newest rollout, publications left out.") var latest = false
  @Option(help: "With --latest: the newest of this model.") var model: String?

  func validate() throws {
    if (id == nil) != latest { throw ValidationError("Give the id of a rollout, or else --latest.") }
    if model != nil && !latest { throw ValidationError("--model goes with --latest.") }
  }

  func find(_ client: OperatorClient) async throws -> String {
    if let id { return id }
    if let newest = try await client.rollouts(model: model, limit: 1).rollouts.first { return newest.id }
    let scope = model.map { " of model \($0)" } ?? ""
    throw CommandFailure("there is no rollout\(scope) yet: firmament rollout create makes one")
  }
}
