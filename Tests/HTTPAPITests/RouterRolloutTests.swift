import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A new rollout") struct RouterRolloutTests {
  private static let path = "/api/v1/rollouts"

  @Test func `has safe defaults, and does nothing before its start`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let answer = try await world.front.operate(.post, Self.path, #"{"model":"lamp","version":"2"}"#)
      #expect(answer.status == 201)
      let made = try answer.json()
      let id = made["id"]?.text ?? ""
      #expect(made["state"]?.text == "draft" && made["needs"]?.text == "start" && made["publication"] == .bool(false))
      #expect(made["model"]?.text == "lamp" && made["createdBy"]?.text == "ada" && made["things"] == .integer(0))
      #expect(
        made["plan"]?.json
          == #"{"approval":false,"attempts":3,"consent":false,"downloadOnly":false,"haltAt":"5%","minSample":20,"priority":0,"#
          + #""silence":7200,"soak":600,"success":"95%","windows":[]}"#)
      #expect(
        made["firmwares"]?.json == #"[{"id":"\#(world.firmwares["main 2"] ?? "")","mcu":"main","version":"2"}]"#)
      let stages = DocumentedJourney.entries(made, "stages")
      #expect(stages.map { $0["share"]?.text } == ["1%", "10%", "100%"])
      #expect(stages.map { $0["state"]?.text } == ["pending", "pending", "pending"])
      #expect(try await world.show(id) == made)

      try await world.advance()
      #expect(try await world.state(id) == "draft")
      #expect(try await world.poll(thing) == [])
      #expect(try await world.reason(thing) == .nothingPublished)
      #expect(try await world.fetch(thing).status == 404)
    }
  }

  @Test func `takes all that is said, and tells it again`() async throws {
    try await RolloutWorld.play { world in
      let plan =
        #"{"approval":true,"attempts":7,"concurrent":9,"consent":true,"downloadOnly":true,"gate":"tag==b","haltAt":"0%","#
        + #""minSample":3,"priority":-1000,"rate":5,"rateDoublesEvery":2,"silence":0,"soak":0,"#
        + #""startAt":"2025-06-16T15:06:40.999Z","success":"0%","target":"tag==a","windows":["Mon-Fri 22:00-06:00 UTC"]}"#
      let id = try await world.create(
        String(plan.dropFirst().dropLast()) + #","stages":["tag:canary","0.5%","tag:late","100%"]"#)
      let shown = try await world.show(id)
      #expect(shown["plan"]?.json == plan)
      #expect(
        DocumentedJourney.entries(shown, "stages").map { $0["share"]?.text } == ["tag:canary", "0.5%", "tag:late", "100%"])
      #expect(shown["state"]?.text == "scheduled" && shown["needs"] == nil)
    }
  }

  private static let many = (1...21).map { "\"\($0)%\"" }.joined(separator: ",")
  private static let windows = Array(repeating: #""00:00-24:00""#, count: 21).joined(separator: ",")

  /// Members of an order, and how its refusal begins.
  @Test(arguments: [
    (#""stages":[]"#, "stages: 1 to 20 are needed"), (#""stages":[\#(many)]"#, "stages: 1 to 20 are needed"),
    (#""stages":["10%","10%"]"#, "stages: each share is larger"), (#""stages":["5%","tag:a","4%"]"#, "stages: each share"),
    (#""stages":["0%"]"#, "stages: 0%: a share"), (#""stages":["101%"]"#, "stages: 101%: a share"),
    (#""stages":["half"]"#, "stages: half: a share"), (#""stages":["tag:"]"#, "stages: tag:: a share"),
    (#""stages":"100%""#, "stages: has the wrong type"), (#""success":"101%""#, "success: a share from 0% to 100%"),
    (#""success":"0.95""#, "success: a share"), (#""success":0.95"#, "success: has the wrong type"),
    (#""haltAt":"100%""#, "haltAt: less than 100%, or never"), (#""haltAt":"always""#, "haltAt: a share"),
    (#""minSample":0"#, "minSample: 1 to"), (#""minSample":1000001"#, "minSample: 1 to"),
    (#""minSample":"many""#, "minSample: has the wrong type"), (#""soak":-1"#, "soak: 0 seconds"),
    (#""soak":31536001"#, "soak: 0 seconds"), (#""silence":-1"#, "silence: 1 second"),
    (#""silence":31536001"#, "silence: 1 second"), (#""windows":[\#(windows)]"#, "windows: 20 at most"),
    (#""startAt":"soon""#, "startAt"), (#""rate":0"#, "rate: 1 to"), (#""rate":10000001"#, "rate: 1 to"),
    (#""rate":1,"rateDoublesEvery":0"#, "rateDoublesEvery: 1 or more"),
    (#""rateDoublesEvery":1"#, "rateDoublesEvery: 1 or more, and a rate"), (#""concurrent":0"#, "concurrent: 1 or more"),
    (#""priority":1001"#, "priority: -1000 to 1000"), (#""priority":-1001"#, "priority: -1000"),
    (#""attempts":0"#, "attempts: 1 to 100"), (#""attempts":101"#, "attempts: 1 to 100"),
    (#""consent":1"#, "consent: has the wrong type"), (#""firmwares":["x"],"version":"2""#, "firmwares: either ids or"),
    (#""firmwares":[]"#, "firmwares: either ids or a version"),
  ])
  func `is refused for what it cannot do, by the name of the member`(members: String, detail: String) async throws {
    try await RolloutWorld.play { world in
      for path in [Self.path, Self.path + "/plan"] {
        let answer = try await world.front.operate(.post, path, RolloutWorld.order(members))
        try answer.expectProblem(400, "malformed")
        #expect(try answer.json()["detail"]?.text?.hasPrefix(detail) == true, "\(answer.text)")
      }
      #expect(DocumentedJourney.entries(try await world.list(), "rollouts").isEmpty)
    }
  }

  @Test(arguments: [
    (#""target":"tag==a and nope==1""#, "target: at character 12: there is no nope"),
    (#""target":"tag==""#, "target: at character 6: a value is missing"),
    (#""target":"tag==größe) or tag==x""#, "target: at character 11: no parenthesis is open"),
    (#""gate":"model=like=x""#, "gate: at character 6: there is no operator =like="),
    (#""gate":"geo=within=(1,2)""#, "gate: at character 12: an area is"),
    (#""windows":["00:00-24:00","25:00-26:00"]"#, "window: at character 1: here must be a time"),
    (#""windows":["22:00-06:00 Mars/Base"]"#, "window: at character 13: there is no zone Mars/Base"),
  ])
  func `is refused with the place of the error in an expression`(members: String, detail: String) async throws {
    try await RolloutWorld.play { world in
      for path in [Self.path, Self.path + "/plan"] {
        let answer = try await world.front.operate(.post, path, RolloutWorld.order(members))
        try answer.expectProblem(400, "malformed-expression")
        #expect(try answer.json()["detail"]?.text?.hasPrefix(detail) == true, "\(answer.text)")
      }
    }
  }

  @Test func `needs a model and firmwares that are there and belong together`() async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      try await world.test.createModel("fan")
      let foreign = try await world.test.release("2", imageBytes(9), model: "fan", publish: false).publicID
      func refusal(_ body: String, _ status: Int, _ code: String) async throws -> String? {
        let answer = try await world.front.operate(.post, Self.path, body)
        try answer.expectProblem(status, code)
        return try answer.json()["detail"]?.text
      }
      #expect(try await refusal(#"{"model":"none","version":"2"}"#, 404, "unknown-model") != nil)
      #expect(
        try await refusal(#"{"model":"lamp","version":"9"}"#, 404, "unknown-firmware") == "lamp has no firmware 9")
      #expect(try await refusal(#"{"model":"lamp","firmwares":["none"]}"#, 404, "unknown-firmware") != nil)
      let two = #"{"model":"lamp","firmwares":["\#(world.firmwares["main 1"]!)","\#(world.firmwares["main 2"]!)"]}"#
      #expect(try await refusal(two, 400, "malformed") == "firmwares: two of them are for the same MCU")
      let mixed = #"{"model":"lamp","firmwares":["\#(world.firmwares["main 1"]!)","\#(foreign)"]}"#
      #expect(try await refusal(mixed, 400, "malformed")?.hasPrefix("firmwares: \(foreign) is fan's") == true)
      #expect(try await refusal("{}", 400, "malformed") != nil)

      // A version is that of every MCU which has it.
      let both = DocumentedJourney.entries(try await world.show(try await world.create()), "firmwares")
      #expect(both.map { $0["mcu"]?.text } == ["main", "radio"])
      try await world.test.release("4", imageBytes(9), mcu: "radio", sequence: 4, publish: false)
      let one = DocumentedJourney.entries(try await world.show(try await world.create(#""version":"4""#)), "firmwares")
      #expect(one.map { $0["mcu"]?.text } == ["radio"])
    }
  }

  @Test func `is listed newest first, by pages and models, and publications only where they are asked for`() async throws {
    try await RolloutWorld.play { world in
      try await world.test.createModel("fan")
      try await world.test.release("1", imageBytes(9), model: "fan", publish: false)
      let published = try await world.front.operate(.put, "/api/v1/firmwares/\(world.firmwares["main 1"] ?? "")/publication")
      #expect(published.status == 200)
      var ids: [String] = []
      for _ in 0..<3 { ids.insert(try await world.create(), at: 0) }
      let foreign = try await world.test.draft("fan")
      @Sendable func listed(_ query: String) async throws -> [String] {
        DocumentedJourney.entries(try await world.list(query), "rollouts").compactMap { $0["id"]?.text }
      }
      #expect(try await listed("") == [foreign] + ids)
      #expect(try await listed("?model=lamp") == ids)
      #expect(try await listed("?model=fan") == [foreign])
      let all = DocumentedJourney.entries(try await world.list("?publications=true&model=lamp"), "rollouts")
      #expect(all.count == 4 && all.last?["publication"] == .bool(true) && all.last?["state"]?.text == "running")
      #expect(try await listed("?publications=false&model=lamp") == ids)

      var paged: [String] = []
      var query = "?limit=2&publications=true"
      var pages = 0
      while true {
        let page = try await world.list(query)
        paged += DocumentedJourney.entries(page, "rollouts").compactMap { $0["id"]?.text }
        pages += 1
        guard let next = page["next"]?.text else { break }
        query = "?limit=2&publications=true&after=\(next)"
      }
      #expect(pages == 3)
      #expect(try await paged == listed("?publications=true"))
      try await world.front.operate(.get, Self.path + "?model=none").expectProblem(404, "unknown-model")
      try await world.front.operate(.get, Self.path + "/none").expectProblem(404, "unknown-rollout")
    }
  }

  @Test func `shows its things by state, a page at a time`() async throws {
    try await RolloutWorld.play { world in
      let things = try await world.things(4)
      let id = try await world.begin()
      try await world.update(things[0])
      try await world.poll(things[1])
      try await world.poll(things[2])
      try await world.report(things[2], "rejected", code: "E7")
      @Sendable func listed(_ query: String) async throws -> [[String?]] {
        let answer = try await world.front.operate(.get, "\(Self.path)/\(id)/things\(query)")
        #expect(answer.status == 200, "\(answer.text)")
        return DocumentedJourney.entries(try answer.json(), "things").map { thing in
          #expect(thing["stage"] == .integer(1))
          return [thing["thing"]?.text, thing["state"]?.text, thing["reason"]?.text]
        }
      }
      let all: [[String?]] = [
        [things[0].id, "confirmed", nil], [things[1].id, "offered", nil], [things[2].id, "rejected", "E7"],
        [things[3].id, "waiting", "notSeen"],
      ]
      #expect(try await listed("") == all)
      for (place, state) in ["confirmed", "offered", "rejected", "waiting"].enumerated() {
        #expect(try await listed("?state=\(state)") == [all[place]])
      }
      #expect(try await listed("?state=silent") == [])
      let first = try await world.front.operate(.get, "\(Self.path)/\(id)/things?limit=3").json()
      #expect(DocumentedJourney.entries(first, "things").count == 3)
      #expect(try await listed("?after=\(first["next"]?.text ?? "")") == [all[3]])
      let stage = DocumentedJourney.entries(try await world.show(id), "stages")[0]
      #expect(stage["waiting"]?.json == #"{"notSeen":1}"# && stage["failures"]?.json == #"{"E7":1}"#)
      #expect(stage["things"] == .integer(4))
    }
  }
}
