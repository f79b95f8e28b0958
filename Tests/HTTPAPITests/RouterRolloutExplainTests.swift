import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("Why a thing is offered what it is offered") struct RouterRolloutExplainTests {
  /// The clauses of the rollout that is asked first, as `CHECK: CLAUSE = VALUE`, those that are not true behind `!`, and the
  /// one that decides behind `>`.
  private static func clauses(_ explanation: JSONValue) -> [String] {
    let mcu = DocumentedJourney.entries(explanation, "mcus").first ?? .null
    let rollout = DocumentedJourney.entries(mcu, "rollouts").first ?? .null
    return DocumentedJourney.entries(rollout, "clauses").map { clause in
      let value = clause["value"]?.text.map { " = \($0)" } ?? ""
      return (clause["decides"] == .bool(true) ? ">" : "") + (clause["holds"] == .bool(true) ? "" : "!")
        + "\(clause["check"]?.text ?? ""): \(clause["clause"]?.text ?? "")\(value)"
    }
  }

  @Test func `is told clause by clause, and which of them decides`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing(tags: ["canary"], values: #"{"key":"load","value":7}"#)
      let id = try await world.begin(
        #""target":"tag==canary and mcu.main.version=='1'","gate":"resource.load<5","consent":true,"#
          + #""windows":["00:00-24:00"],"rate":10,"concurrent":3,"stages":["tag:canary","100%"]"#)
      let told = Self.clauses(try await world.explain(thing))
      #expect(
        told == [
          "state: the rollout is running = running", "target: tag==canary = canary", "target: mcu.main.version=='1' = 1",
          "stage: stage 1 of 2 is open = tag canary", "running: it runs something older than 2 = 1",
          "history: it has not failed on it", ">!consent: its owner has agreed", "!gate: resource.load<5 = 7",
          "window: 00:00-24:00 = 2025-06-15T15:06:40.999Z",
          "pace: 10 things a minute, 3 downloads at the same time",
        ])
      let mcu = DocumentedJourney.entries(try await world.explain(thing), "mcus")[0]
      #expect(mcu["reason"]?.text == "consentMissing" && mcu["decidedBy"]?.text == id && mcu["offer"] == nil)
      #expect(mcu["explanation"]?.text == OfferReason.consentMissing.explanation && mcu["running"]?.text == "1")
      #expect(DocumentedJourney.entries(mcu, "rollouts")[0]["outcome"]?.text == "held")

      try await world.write(thing, #"{"key":"$consent","value":{"allow":true}}"#)
      #expect(Self.clauses(try await world.explain(thing)).filter { $0.hasPrefix(">") } == [">!gate: resource.load<5 = 7"])
      world.pass(seconds: 1)
      try await world.write(thing, #"{"key":"load","value":4.5}"#)
      let free = DocumentedJourney.entries(try await world.explain(thing), "mcus")[0]
      #expect(free["reason"]?.text == "offered" && free["offer"]?.text == "2")
      #expect(Self.clauses(try await world.explain(thing)).allSatisfy { !$0.hasPrefix(">") && !$0.hasPrefix("!") })
      // To be asked why changes nothing: it is offered only by a poll.
      #expect(try await world.counts(id) == ["waiting": 1])
    }
  }

  @Test(arguments: Door.allCases) func `is told to the thing itself on its poll`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let thing = try await world.thing(tags: ["red"])
      let id = try await world.begin(#""target":"tag==blue,tag==green""#)
      let path = "/v2/things/\(thing.token)/firmwares/latest"
      let plain = try await world.front.get(path)
      let answer = try await world.front.get(path + "?explain=true")
      let told = try answer.json()
      #expect(answer.status == 200)
      #expect(try told["firmwares"] == plain.json()["firmwares"])
      #expect(try told["retryAfter"] == plain.json()["retryAfter"])
      #expect(try plain.json()["explanation"] == nil)
      let explanation = told["explanation"] ?? .null
      #expect(explanation == (try await world.explain(thing)))
      #expect(explanation["thing"]?.text == thing.id)
      let mcu = DocumentedJourney.entries(explanation, "mcus")[0]
      #expect(mcu["reason"]?.text == "notInTarget" && mcu["decidedBy"] == nil)
      let rollout = DocumentedJourney.entries(mcu, "rollouts")[0]
      #expect(rollout["rollout"]?.text == id && rollout["outcome"]?.text == "skipped")
      #expect(Self.clauses(explanation).filter { $0.contains("target") }.count == 2)
      #expect(try await world.front.get(path + "?explain=false").bytes == plain.bytes)
    }
  }

  @Test func `names rollouts that wait or have ended behind those that are asked`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let draft = try await world.create()
      #expect(try await world.reason(thing) == .nothingPublished)
      let ended = try await world.begin()
      try await world.act("cancel", ended)
      let halted = try await world.begin()
      try await world.act("pause", halted)
      let mcu = DocumentedJourney.entries(try await world.explain(thing), "mcus")[0]
      let rollouts = DocumentedJourney.entries(mcu, "rollouts")
      #expect(rollouts.map { $0["rollout"]?.text } == [halted, ended, draft])
      #expect(rollouts.map { $0["reason"]?.text } == ["paused", "cancelled", "notStarted"])
      #expect(rollouts.map { $0["state"]?.text } == ["paused", "cancelled", "draft"])
    }
  }

  @Test func `before anything starts is a plan: stages, and who is left out by which clause`() async throws {
    try await RolloutWorld.play { world in
      var canaries: [String] = []
      for _ in 0..<2 {
        canaries.append(try await world.thing(tags: ["canary", "blue"], values: #"{"key":"busy","value":false}"#).id)
      }
      var rest: [String] = []
      for _ in 0..<7 { rest.append(try await world.thing(tags: ["blue"], values: #"{"key":"busy","value":true}"#).id) }
      var red: [String] = []
      for _ in 0..<3 { red.append(try await world.thing(tags: ["red"]).id) }
      let done = try await world.thing(running: "2", tags: ["blue"]).id
      let newer = try await world.thing(running: "3", tags: ["blue"]).id
      let answer = try await world.front.operate(
        .post, "/api/v1/rollouts/plan",
        RolloutWorld.order(
          #""target":"tag==blue and model==lamp","gate":"resource.busy!=true","stages":["tag:canary","100%"]"#))
      #expect(answer.status == 200, "\(answer.text)")
      let plan = try answer.json()
      func list(_ ids: [String]) -> String { ids.map { "\"\($0)\"" }.joined(separator: ",") }
      #expect(plan["things"] == .integer(14) && plan["excluded"] == .integer(5) && plan["model"]?.text == "lamp")
      #expect(
        plan["stages"]?.json
          == #"[{"held":0,"sample":[\#(list(canaries))],"share":"tag:canary","things":2},"#
          + #"{"held":7,"sample":[\#(list(Array(rest.prefix(5))))],"share":"100%","things":7}]"#)
      #expect(
        plan["exclusions"]?.json
          == #"[{"clause":"tag==blue","reason":"notInTarget","sample":[\#(list(red))],"things":3},"#
          + #"{"reason":"olderThanRunning","sample":["\#(newer)"],"things":1},"#
          + #"{"reason":"upToDate","sample":["\#(done)"],"things":1}]"#)
      #expect(DocumentedJourney.entries(try await world.list(), "rollouts").isEmpty, "nothing was created")
    }
  }

  @Test func `by several conditions of a plan is counted for each clause`() async throws {
    try await RolloutWorld.play { world in
      _ = try await world.thing(tags: ["a"])
      _ = try await world.thing(tags: ["b"], values: #"{"key":"x","value":1}"#)
      _ = try await world.thing(tags: ["c"])
      let answer = try await world.front.operate(
        .post, "/api/v1/rollouts/plan", RolloutWorld.order(#""target":"tag!=c and resource.x==1""#))
      let excluded = DocumentedJourney.entries(try answer.json(), "exclusions").map { $0["clause"]?.text }
      #expect(Set(excluded) == ["tag!=c", "resource.x==1"] && excluded.count == 2)
    }
  }
}
