import APIClient
import APIContract
import ArgumentParser

/// What a rollout is to do. What is not given is not sent: the server has the defaults.
struct RolloutOptions: ParsableArguments {
  @Option(help: "The model of the things.") var model: String
  @Option(help: "The id of a firmware to deliver; repeat it for several MCUs, in the order in which a thing gets them.")
  var firmware: [String] = []
  @Option(help: "In place of ids: the firmware of this version of each MCU that has one.") var version: String?
  @Option(help: "Who belongs, in RSQL; else every thing of the model.") var target: String?
  @Option(help: "Whether now is the moment, in RSQL; else always.") var gate: String?
  @Option(help: "The stages, such as 1%,10%,100% or tag:canary,100%.") var stages: String?
  @Option(help: "Share of successes before the next stage opens, such as 95%.") var success: String?
  @Option(help: "Share of failures that halts it, such as 5%, or never.") var haltAt: String?
  @Option(help: "Things of a stage that must be done before anything is concluded.") var minSample: Int?
  @Option(help: "How long a stage must have been good before the next opens, such as 10m.") var soak: DurationArgument?
  @Option(help: "How long a thing may be unheard of after its offer, such as 2h, or never.") var silence: PatienceArgument?
  @Option(
    name: .customLong("window"),
    help: "When things may be offered it, such as \"Mon-Fri 22:00-06:00 Europe/Berlin\"; repeat it for several.")
  var windows: [String] = []
  @Option(help: "When it starts by itself, in UTC, such as 2026-12-01T22:00:00Z.") var startAt: TimeArgument?
  @Option(help: "Things that begin in a minute, at most.") var rate: Int?
  @Option(help: "Double the rate after each so many successes.") var rateDoublesEvery: Int?
  @Option(help: "Things that download at the same time, at most.") var concurrent: Int?
  @Option(parsing: .unconditional, help: "Of several rollouts of a thing the one with the larger number wins; may be negative.")
  var priority: Int?
  @Flag(help: "Things only fetch it and do not install it yet.") var downloadOnly = false
  @Option(help: "Failed attempts after which a thing is not offered it any more.") var attempts: Int?
  @Flag(help: "The owner of a thing, or the thing itself, has to agree first.") var consent = false
  @Flag(help: "A person has to give the go for each stage after the first.") var approval = false

  func validate() throws {
    if firmware.isEmpty == (version == nil) { throw ValidationError("Give --firmware, or else --version.") }
    if let parts = stageList, parts.contains("") {
      throw ValidationError("--stages is a list with commas, such as 1%,10%,100%.")
    }
    if rateDoublesEvery != nil && rate == nil { throw ValidationError("--rate-doubles-every needs --rate.") }
  }

  /// The same as a request.
  var request: NewRollout {
    var rollout = NewRollout(model: model)
    rollout.firmwares = firmware.isEmpty ? nil : firmware
    rollout.version = version
    rollout.target = target
    rollout.gate = gate
    rollout.stages = stageList
    rollout.success = success
    rollout.haltAt = haltAt
    rollout.minSample = minSample
    rollout.soak = soak.map { Int64($0.seconds) }
    rollout.silence = silence.map { Int64($0.seconds) }
    rollout.windows = windows.isEmpty ? nil : windows
    rollout.startAt = startAt?.time
    rollout.rate = rate
    rollout.rateDoublesEvery = rateDoublesEvery
    rollout.concurrent = concurrent
    rollout.priority = priority
    rollout.downloadOnly = downloadOnly ? true : nil
    rollout.attempts = attempts
    rollout.consent = consent ? true : nil
    rollout.approval = approval ? true : nil
    return rollout
  }

  /// Sends the request, and shows people the place of a mistake in an expression.
  func send<Answer>(_ output: OutputRendering, _ call: (NewRollout) async throws -> Answer) async throws -> Answer {
    do { return try await call(request) } catch let error as APIClientError where error.status == 400 && !output.json {
      let expressions = ["target": target, "gate": gate].compactMapValues { $0 }
      guard let fault = ExpressionFault(detail: error.detail, in: expressions) else { throw error }
      throw CommandFailure(error.detail, below: fault.lines(columns: StandardStream.error.columns))
    }
  }

  private var stageList: [String]? {
    stages?.split(separator: ",", omittingEmptySubsequences: false).map { part in
      ServerDiscovery.line(String(part)) ?? ""
    }
  }
}
