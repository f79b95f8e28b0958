import APIClient
import APIContract
import ArgumentParser
import Domain
import Testing

@testable import firmament

@Suite(.timeLimit(.minutes(10)))
struct RolloutCommandTests {
  private let least = ["--model", "lamp", "--version", "2"]

  private func request(_ arguments: [String]) throws -> String {
    try OutputRendering.json(try RolloutCreate.parse(arguments).options.request)
  }

  @Test func `what is not given is not sent`() throws {
    #expect(try request(least) == #"{"model":"lamp","version":"2"}"#)
    #expect(
      try request(["--model", "lamp", "--firmware", "f2", "--firmware", "f1"])
        == #"{"firmwares":["f2","f1"],"model":"lamp"}"#)
  }

  @Test func `every option has its place in the request`() throws {
    let request = try request(
      least + [
        "--target", "tag==beta", "--gate", "battery>50", "--stages", "tag:canary, 10%,100%", "--success", "99.5%", "--halt-at",
        "never", "--min-sample", "5", "--soak", "10m", "--silence", "2h", "--window", "22:00-06:00", "--window",
        "Sat 00:00-24:00", "--start-at", "2026-12-01T22:00:00Z", "--rate", "10", "--rate-doubles-every", "20", "--concurrent",
        "30", "--priority", "4", "--download-only", "--attempts", "2", "--consent", "--approval",
      ])
    #expect(
      request
        == #"{"approval":true,"attempts":2,"concurrent":30,"consent":true,"downloadOnly":true,"gate":"battery>50","#
        + #""haltAt":"never","minSample":5,"model":"lamp","priority":4,"rate":10,"rateDoublesEvery":20,"silence":7200,"soak":600,"#
        + #""stages":["tag:canary","10%","100%"],"startAt":"2026-12-01T22:00:00.000Z","success":"99.5%","target":"tag==beta","#
        + #""version":"2","windows":["22:00-06:00","Sat 00:00-24:00"]}"#)
  }

  @Test(arguments: ["0", "never"]) func `silence may be for ever`(text: String) throws {
    #expect(try RolloutCreate.parse(least + ["--silence", text]).options.request.silence == 0)
  }

  @Test func `a priority may be negative`() throws {
    #expect(try RolloutCreate.parse(least + ["--priority", "-1"]).options.request.priority == -1)
  }

  @Test func `plan takes the same options and asks for a preview`() async throws {
    let preview = RolloutPreviewShape(
      model: "lamp", firmwares: [RolloutFirmware(id: "f1", mcu: "main", version: "2")], things: 10,
      stages: [.init(share: "10%", things: 1, held: 0, sample: ["t1"]), .init(share: "100%", things: 7, held: 2, sample: [])],
      excluded: 2, exclusions: [.init(reason: "target", clause: "tag==be\u{1B}ta", things: 2, sample: ["t8", "t9"])])
    let server = AnsweringServer([try .shape(preview)])
    #expect(
      try await server.output(of: try RolloutForecast.parse(least)) == """
        model     lamp
        firmware  main 2 (f1)
        things    10 of the model, 2 of them would not get it

        STAGE  SHARE  THINGS  HELD NOW  FOR EXAMPLE
            1  10%         1         0  t1
            2  100%        7         2  -

        EXCLUDED BY  CLAUSE      THINGS  FOR EXAMPLE
        target       tag==be?ta       2  t8, t9

        """)
    #expect(server.requests == [#"POST /api/v1/rollouts/plan {"model":"lamp","version":"2"}"#])
  }

  @Test(arguments: [
    [], ["--model", "m"], ["--model", "m", "--version", "1", "--firmware", "f"], ["--version", "1"],
    ["--model", "m", "--version", "1", "--stages", "1%,,2%"], ["--model", "m", "--version", "1", "--stages", ""],
    ["--model", "m", "--version", "1", "--soak", "soon"], ["--model", "m", "--version", "1", "--start-at", "tonight"],
    ["--model", "m", "--version", "1", "--rate-doubles-every", "5"],
    ["--model", "m", "--version", "1", "--start", "--start-at", "2026-12-01T22:00:00Z"],
  ])
  func `wrong usage is told before anything is sent`(arguments: [String]) {
    let error = #expect(throws: (any Error).self) { try RolloutCreate.parse(arguments) }
    #expect(error.map { RolloutCreate.exitCode(for: $0).rawValue } == 64)
  }

  @Test func `create prints the draft, or starts it`() async throws {
    let drafted = AnsweringServer([try .shape(MadeUpRollout.shape(.draft, needs: "start"))])
    #expect(
      try await drafted.output(of: try RolloutCreate.parse(least))
        == "Rollout r1 is a draft: start it with firmament rollout start r1.\n")
    let started = AnsweringServer([
      try .shape(MadeUpRollout.shape(.draft, needs: "start")), try .shape(MadeUpRollout.shape(.running)),
    ])
    #expect(try await started.output(of: try RolloutCreate.parse(least + ["--start"])) == "Rollout r1 is running.\n")
    #expect(started.requests.last == "POST /api/v1/rollouts/r1/start")
    let json = AnsweringServer([try .shape(MadeUpRollout.shape(.draft))])
    let printed = try await json.output(of: try RolloutCreate.parse(least + ["--json"]))
    #expect(try printed == OutputRendering.json(MadeUpRollout.shape(.draft)) + "\n")
  }

  @Test func `a rollout that was created but cannot start is named`() async throws {
    let server = AnsweringServer([try .shape(MadeUpRollout.shape(.draft)), try .refusal(409, "another operator has to")])
    let error = await #expect(throws: CommandFailure.self) {
      try await server.output(of: try RolloutCreate.parse(least + ["--start"]))
    }
    #expect(error?.description == "rollout r1 was created but not started: another operator has to")
  }

  @Test func `a mistake in an expression is pointed at, but not for programs`() async throws {
    let arguments = least + ["--target", "tag==beta;;x==1"]
    let refusal = try AnsweringServer.Answer.refusal(400, "target: at character 11: a condition is missing")
    let error = await #expect(throws: CommandFailure.self) {
      try await AnsweringServer([refusal]).output(of: try RolloutForecast.parse(arguments))
    }
    #expect(error?.description == "target: at character 11: a condition is missing")
    #expect(error?.below == "  tag==beta;;x==1\n            ^")
    await #expect(throws: APIClientError.self) {
      try await AnsweringServer([refusal]).output(of: try RolloutForecast.parse(arguments + ["--json"]))
    }
  }

  @Test func `each change asks for itself and says what it means now`() async throws {
    func line(_ command: some RolloutChange, _ shape: RolloutShape, _ path: String) async throws -> String {
      let server = AnsweringServer([try .shape(shape)])
      let output = try await server.output(of: command)
      #expect(server.requests == ["POST /api/v1/rollouts/r1/\(path)"])
      return output
    }
    #expect(try await line(try RolloutStart.parse(["r1"]), MadeUpRollout.shape(), "start") == "Rollout r1 is running.\n")
    #expect(try await line(try RolloutPause.parse(["r1"]), MadeUpRollout.shape(.paused), "pause").contains("offers nothing"))
    #expect(try await line(try RolloutResume.parse(["r1"]), MadeUpRollout.shape(), "resume") == "Rollout r1 is running.\n")
    #expect(try await line(try RolloutCancel.parse(["r1"]), MadeUpRollout.shape(.cancelled), "cancel").contains("any more"))
    #expect(
      try await line(try RolloutApprove.parse(["r1"]), MadeUpRollout.shape(.draft, needs: "start"), "approve")
        == "Rollout r1 is a draft: start it with firmament rollout start r1.\n")
    #expect(
      try await line(try RolloutRevert.parse(["r1"]), MadeUpRollout.shape(id: "r2", revertOf: "r1"), "revert")
        == "Rollout r2 takes the things of r1 back to what each of them ran before; it is running.\n")
  }

  @Test func `the newest rollout stands for an id`() async throws {
    let page = try AnsweringServer.Answer.shape(RolloutList(rollouts: [MadeUpRollout.shape(id: "r9")], next: PageCursor("c")))
    let server = AnsweringServer([page, try .shape(MadeUpRollout.shape(.paused, id: "r9"))])
    _ = try await server.output(of: try RolloutPause.parse(["--latest", "--model", "my lamp"]))
    #expect(server.requests == ["GET /api/v1/rollouts?model=my%20lamp&limit=1", "POST /api/v1/rollouts/r9/pause"])
    let empty = AnsweringServer([try .shape(RolloutList(rollouts: [], next: PageCursor(nil)))])
    let error = await #expect(throws: CommandFailure.self) {
      try await empty.output(of: try RolloutStatus.parse(["--latest"]))
    }
    #expect(error?.description.contains("no rollout yet") == true)
  }

  @Test(arguments: [[], ["r1", "--latest"], ["r1", "--model", "m"]])
  func `an id or the newest, not both and not none`(arguments: [String]) {
    #expect(throws: (any Error).self) { try RolloutPause.parse(arguments) }
    #expect(throws: (any Error).self) { try RolloutStatus.parse(arguments) }
    #expect(throws: (any Error).self) { try RolloutThings.parse(arguments) }
  }

  @Test func `things of a rollout are asked for by state, page by page`() async throws {
    func page(_ thing: String, _ next: String?) throws -> AnsweringServer.Answer {
      let since = Timestamp(milliseconds: 0)
      let delivery = RolloutThingShape(thing: thing, stage: 1, state: .failed, reason: "E7", since: since)
      return try .shape(RolloutThingList(things: [delivery], next: PageCursor(next)))
    }
    let server = AnsweringServer([try page("t1", "c"), try page("t2", nil)])
    #expect(
      try await server.output(of: try RolloutThings.parse(["r1", "--state", "failed"])) == """
        THING  STAGE  STATE   SINCE                 REASON
        t1         1  failed  1970-01-01T00:00:00Z  E7
        t2         1  failed  1970-01-01T00:00:00Z  E7

        """)
    #expect(server.requests.first == "GET /api/v1/rollouts/r1/things?state=failed&limit=1000")
    #expect(throws: (any Error).self) { try RolloutThings.parse(["r1", "--state", "broken"]) }
  }

  @Test func `the list has publications only where they are asked for`() async throws {
    let rollouts = [
      MadeUpRollout.shape(confirmed: 83, claimed: 7), MadeUpRollout.shape(.finished, id: "r0", publication: true),
    ]
    let list = RolloutList(rollouts: rollouts, next: PageCursor(nil))
    let server = AnsweringServer([try .shape(list)])
    #expect(
      try await server.output(of: try RolloutListing.parse(["--publications"])) == """
        ID  MODEL  STATE     VERSIONS             STAGE  THINGS  CONFIRMED  CLAIMED  FAILED
        r1  lamp   running   1.2.0                2/3       112         83        7       3
        r0  lamp   finished  1.2.0 (publication)  2/3       112         90        0       3

        """)
    _ = try await server.output(of: try RolloutListing.parse(["--model", "lamp"]))
    #expect(
      server.requests == [
        "GET /api/v1/rollouts?publications=true&limit=1000", "GET /api/v1/rollouts?model=lamp&limit=1000",
      ])
  }
}
