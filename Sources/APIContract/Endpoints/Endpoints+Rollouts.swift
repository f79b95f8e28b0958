import Domain

extension Endpoints {
  public static let planRollout = Endpoint.operators(
    "planRollout", .post, "/api/v1/rollouts/plan", "What a rollout would mean, before anything starts",
    request: .body(NewRollout.self), needs: .viewer, isChange: false, checksModels: true,
    answers: RolloutPreviewShape.self, problems: [404, 409])
  public static let createRollout = Endpoint.operators(
    "createRollout", .post, "/api/v1/rollouts", "Create a rollout; it waits for its start",
    request: .body(NewRollout.self), needs: .releaser, checksModels: true, 201, answers: RolloutShape.self,
    problems: [404, 409])
  public static let listRollouts = Endpoint.operators(
    "listRollouts", .get, "/api/v1/rollouts", "Rollouts, newest first",
    query: [
      .text("model", "Only this model's"),
      .flag("publications", "Also the publications of firmwares"),
    ] + .page, answers: RolloutList.self, problems: [404])
  public static let showRollout = Endpoint.operators(
    "showRollout", .get, "/api/v1/rollouts/{rollout}", "A rollout and where it stands", answers: RolloutShape.self,
    problems: [404])
  public static let listRolloutThings = Endpoint.operators(
    "listRolloutThings", .get, "/api/v1/rollouts/{rollout}/things", "The things that a rollout has so far",
    query: [.text("state", "Only those in this state")] + .page, answers: RolloutThingList.self, problems: [404])
  public static let startRollout = change("start", "Start it now")
  public static let pauseRollout = change("pause", "Stop offering it, also to things in mid-download")
  public static let resumeRollout = change("resume", "Go on after a pause or a halt")
  public static let cancelRollout = change("cancel", "End it for good: nothing of it is offered or served any more")
  public static let approveRollout = change(
    "approve", "Give the go that it waits for: for its start, by another operator than its creator, or for the next stage")
  public static let revertRollout = Endpoint.operators(
    "revertRollout", .post, "/api/v1/rollouts/{rollout}/revert",
    "End it, and start a rollout that takes its things back to what each of them ran before",
    needs: .releaser, 201,
    answers: RolloutShape.self, problems: [404, 409])
  public static let explainThing = Endpoint.operators(
    "explainThing", .get, "/api/v1/things/{thing}/explain", "Why the thing is offered what it is offered, or not",
    answers: ExplanationShape.self, problems: [404])

  static let rollouts = [
    planRollout, createRollout, listRollouts, showRollout, listRolloutThings, startRollout, pauseRollout, resumeRollout,
    cancelRollout, approveRollout, revertRollout, explainThing,
  ]

  private static func change(_ verb: String, _ summary: String) -> Endpoint {
    Endpoint.operators(
      "\(verb)Rollout", .post, "/api/v1/rollouts/{rollout}/\(verb)", summary, needs: .releaser, answers: RolloutShape.self,
      problems: [404, 409])
  }
}
