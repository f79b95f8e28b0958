import APIContract
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

/// What operators search things by, through the front door.
@Suite("The list of things") struct RouterThingSearchTests {
  private static func query(_ queries: [String: String]) -> String {
    "/api/v1/things?" + queries.sorted { $0.key < $1.key }.map { "\($0)=\(Endpoint.encode($1))" }.joined(separator: "&")
  }

  /// The ids of all that is found, over pages of this many.
  private static func ids(
    _ front: FrontDoor, _ queries: [String: String], pages limit: Int = 100, as who: HTTPFields? = nil
  ) async throws -> [String] {
    var ids: [String] = []
    var after: String?
    repeat {
      var queries = queries
      queries["limit"] = String(limit)
      queries["after"] = after
      let path = query(queries)
      let answer = if let who { try await front.send(.get, path, as: who) } else { try await front.operate(.get, path) }
      guard answer.status == 200 else {
        Issue.record("\(path): \(answer.text)")
        return ids
      }
      let page = DocumentedJourney.entries(try answer.json(), "things").compactMap { $0["id"]?.text }
      #expect(page.count <= limit)
      ids += page
      after = try answer.json()["next"]?.text
    } while after != nil
    return ids
  }

  @Test func `tells tags and what each MCU runs of every thing`() async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      let thing = try await world.thing(running: nil, tags: ["b", "a"])
      try await world.boot(thing, into: "1", mcu: "radio")
      let bare = try await world.thing(running: nil)
      let list = try await world.front.operate(.get, "/api/v1/things").json()
      let entries = DocumentedJourney.entries(list, "things")
      #expect(entries.map { $0["id"]?.text } == [bare.id, thing.id])
      #expect(entries[0]["tags"] == .array([]) && entries[0]["running"] == .object([:]))
      #expect(entries[1]["tags"] == .array([.string("a"), .string("b")]))
      #expect(entries[1]["running"] == .object(["radio": .string("1")]))
    }
  }

  @Test func `is searched by an id, a name at the DDI door, or how one of them begins`() async throws {
    try await RolloutWorld.play { world in
      let (test, front) = (world.test, world.front)
      let things = try await world.things(3)
      try await test.hold("rack-7/é", of: "lamp")
      let admitted = try await front.operate(.post, Endpoints.admitController.path("rack-7/é"))
      let named = try admitted.json()["id"]?.text ?? ""
      #expect(!named.isEmpty, "\(admitted.text)")
      for thing in things {
        #expect(try await Self.ids(front, ["id": thing.id]) == [thing.id])
        let start = String(thing.id.prefix(12))
        #expect(try await Self.ids(front, ["id": start]) == [thing.id])
        #expect(try await Self.ids(front, ["id": thing.id + "x"]).isEmpty)
        #expect(try await Self.ids(front, ["id": String(thing.id.dropFirst())]).isEmpty)
      }
      for start in ["r", "rack-7/", "rack-7/é", named] {
        #expect(try await Self.ids(front, ["id": start]).contains(named), "\(start)")
      }
      for wrong in ["rack-8", "%", "_%", "rack-7/é ", "*", "'", "\u{10FFFF}", "\u{D7FF}", String(repeating: "x", count: 5000)] {
        #expect(try await Self.ids(front, ["id": wrong]).isEmpty, "\(wrong.prefix(9))")
      }
    }
  }

  @Test func `is searched by tag, version and silence, all of which must hold`() async throws {
    try await RolloutWorld.play(mcus: ["main", "a=b"]) { world in
      let front = world.front
      let old = try await world.thing(running: "1", tags: ["beta"])
      let retired = try await world.thing(running: "1", tags: ["beta"])
      #expect(try await front.operate(.post, "/api/v1/things/\(retired.id)/retirement").status == 200)
      world.pass(seconds: 3600)
      let new = try await world.thing(running: "2", tags: ["beta", "x"])
      let mute = try await world.thing(running: nil)
      #expect(try await Self.ids(front, ["tag": "beta"]) == [new.id, retired.id, old.id])
      #expect(try await Self.ids(front, ["tag": "beta"], pages: 1) == [new.id, retired.id, old.id])
      #expect(try await Self.ids(front, ["tag": "bet"]).isEmpty)
      #expect(try await Self.ids(front, ["running": "main=1"]) == [retired.id, old.id])
      #expect(try await Self.ids(front, ["running": "a=b=2"]) == [new.id])
      #expect(try await Self.ids(front, ["running": "main="]) == [mute.id])
      #expect(try await Self.ids(front, ["running": "main=1", "tag": "x"]).isEmpty)
      #expect(try await Self.ids(front, ["running": "main=2", "tag": "x", "id": new.id, "model": "lamp"]) == [new.id])
      // Seen exactly so long ago is silent, and so is what was never seen; who is retired is not.
      #expect(try await Self.ids(front, ["silentFor": "3600"]) == [mute.id, old.id])
      #expect(try await Self.ids(front, ["silentFor": "3601"]) == [mute.id])
      _ = try await world.poll(old)
      #expect(try await Self.ids(front, ["silentFor": "3600"]) == [mute.id], "what was seen is not on the disk yet")
    }
  }

  private static let conditions = [
    "tag==beta", "tag!=beta", "resource.battery<30", "resource.battery>=30 or tag==beta", "mcu.main.version==1",
    "mcu.main.version!=1", "mcu.main.version>1", "id==*", "lastSeen>=2025-06-15T15:30:00Z", "linked==false",
    "age.battery<60", "model==lamp", "model==fan", "setting.mode==eco",
    "mcu.main.version==1;(tag==beta,resource.battery=gt=50)",
    "owner==x", "controllerId==*", "activatedAt<2025-06-15T15:30:00Z",
  ]

  @Test func `has where a condition is true just what a rollout with that target would have`() async throws {
    try await RolloutWorld.play { world in
      let front = world.front
      for number in 0..<12 {
        let tags = number % 3 == 0 ? ["beta"] : number % 3 == 1 ? ["other"] : []
        let values = number % 4 == 3 ? nil : #"{"key":"battery","value":\#(number * 10)}"#
        let thing = try await world.thing(running: number % 5 == 4 ? nil : String(number % 2 + 1), tags: tags, values: values)
        if number == 2 { try await world.write(thing, ##"{"key":"$settings","value":{"mode":"eco"}}"##) }
        if number == 7 {
          #expect(try await front.operate(.post, "/api/v1/things/\(thing.id)/retirement").status == 200)
        }
        world.pass(seconds: 300)
      }
      try await world.test.createModel("fan")
      _ = try await world.test.activate("fan")
      var counts: Set<Int> = []
      for condition in Self.conditions {
        let order = RolloutWorld.order(#""target":\#(JSONValue.string(condition).json)"#)
        let plan = try await front.operate(.post, "/api/v1/rollouts/plan", order).json()
        guard case .integer(let things)? = plan["things"] else {
          Issue.record("\(condition): \(plan)")
          continue
        }
        let outside = DocumentedJourney.entries(plan, "exclusions").filter { $0["reason"]?.text == "notInTarget" }
          .reduce(Int64(0)) { count, exclusion in
            if case .integer(let things)? = exclusion["things"] { count + things } else { count }
          }
        let whole = try await Self.ids(front, ["where": condition, "model": "lamp"])
        let pieces = try await Self.ids(front, ["where": condition, "model": "lamp"], pages: 2)
        #expect(whole.count == Int(things - outside), "\(condition)")
        #expect(whole == pieces, "\(condition)")
        counts.insert(whole.count)
      }
      #expect(counts.count > 4, "the conditions tell things apart")
      #expect(try await Self.ids(front, ["where": "model==fan"]).count == 1)
      #expect(try await Self.ids(front, ["where": " "]).count == 13, "no condition")
    }
  }

  @Test func `refuses what it cannot read, and says where`() async throws {
    try await RolloutWorld.play { world in
      let front = world.front
      _ = try await world.thing(tags: ["beta"])
      for (queries, detail) in [
        (["where": "tag==beta;;"], "where: at character 11"), (["where": "tag"], "where: at character 4"),
        (["where": String(repeating: "(", count: 4000)], "where: at character"),
        (["where": String(repeating: "x", count: 4097)], "where: at character"),
        (["silentFor": "0"], "silentFor"), (["silentFor": "-1"], "silentFor"), (["silentFor": "1d"], "silentFor"),
        (["silentFor": "9223372036854775807"], "silentFor"), (["silentFor": "315360001"], "silentFor"),
        (["running": "main"], "running"), (["id": "\0"], "id"), (["tag": "beta\0"], "tag"), (["running": "main=\0"], "running"),
        (["after": "x", "tag": "beta"], "after"),
      ] {
        let answer = try await front.operate(.get, Self.query(queries))
        let isExpression = queries["where"] != nil
        try answer.expectProblem(400, isExpression ? "malformed-expression" : "malformed")
        #expect(try answer.json()["detail"]?.text?.hasPrefix(detail) == true, "\(answer.text)")
      }
      try await front.operate(.get, Self.query(["running": "none=1"])).expectProblem(404, "unknown-mcu")
      try await front.operate(.get, Self.query(["model": "none", "tag": "x"])).expectProblem(404, "unknown-model")
      for injected in ["' OR 1=1 --", "\"", "%", "beta\u{301}"] {
        #expect(try await Self.ids(front, ["tag": injected]).isEmpty)
        #expect(try await Self.ids(front, ["running": "main=\(injected)"]).isEmpty)
      }
      for after in ["-9223372036854775808", "0", "-1"] {
        #expect(try await Self.ids(front, ["tag": "beta"], pages: 1).count == 1)
        let answer = try await front.operate(.get, Self.query(["tag": "beta", "after": after]))
        #expect(answer.status == 200 && answer.text.contains(#""things":[]"#), "\(answer.text)")
      }
    }
  }

  @Test func `has for a token that is for some models only theirs, however it is searched`() async throws {
    try await RolloutWorld.play { world in
      let (test, front) = (world.test, world.front)
      let own = try await world.thing(running: "1", tags: ["beta"])
      try await test.createModel("fan")
      let token = try await test.activate("fan")
      #expect(try await front.post("/v2/things/\(token)/tags", #"{"tag":"beta"}"#).status == 201)
      #expect(try await front.get("/v2/things/\(token)/firmwares/latest?mcu=main&version=1").status == 200)
      let other = try await test.newestThing()
      try await test.createModel("pump", mcus: ["valve"])
      test.clock.advance(seconds: 100)
      let who = try await test.admit("vera", .viewer, models: ["lamp"]).header
      for queries in [
        ["tag": "beta"], ["running": "main=1"], ["silentFor": "60"], ["where": "tag==beta"], ["where": "id==*"], [:],
      ] {
        let (seen, all) = (try await Self.ids(front, queries, as: who), try await Self.ids(front, queries))
        #expect(seen == [own.id], "\(queries)")
        #expect(all == [other, own.id], "\(queries)")
      }
      #expect(try await Self.ids(front, ["id": other], as: who).isEmpty)
      try await front.send(.get, Self.query(["running": "valve=1"]), as: who).expectProblem(404, "unknown-mcu")
      try await front.send(.get, Self.query(["model": "fan", "tag": "beta"]), as: who).expectProblem(403, "forbidden")
      try await front.get(Self.query(["tag": "beta"])).expectProblem(401, "unauthorized")
    }
  }
}
