import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("A rollout that is reverted") struct RouterRolloutRevertTests {
  @Test(arguments: Door.allCases) func `takes each thing back to what it ran, and touches no other`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let (one, two) = (try await world.thing(running: "1"), try await world.thing(running: "2"))
      // Neither of these was updated; and what the last one ran is nothing that could be given back.
      let (begun, unseen) = (try await world.thing(running: "1"), try await world.thing(running: "1"))
      let foreign = try await world.thing(running: "0.9")
      let id = try await world.begin(#""version":"3""#)
      for thing in [one, two, foreign] { try await world.update(thing, to: "3") }
      #expect(try await world.poll(begun) == ["3"])
      #expect(try await world.fetch(begun, "3", "0-49").status == 206)

      let made = try await world.act("revert", id, 201)
      let back = made["id"]?.text ?? ""
      #expect(made["revertOf"]?.text == id && made["state"]?.text == "running" && made["firmwares"] == .array([]))
      #expect(try await world.state(id) == "cancelled")
      try await world.advance()
      try await world.fetch(begun, "3", "50-").expectThingError(404, "firmware not found")
      for thing in [begun, unseen, foreign] { #expect(try await world.poll(thing) == []) }
      try await world.update(one, to: "1")
      #expect(try await world.state(back) == "running")
      try await world.update(two, to: "2")
      try await world.advance()
      #expect(try await world.counts(back) == ["confirmed": 2])
      #expect(try await world.state(back) == "finished")
      for thing in [one, two, begun, unseen, foreign] { #expect(try await world.poll(thing) == []) }
      try await world.act("revert", back, 409)
    }
  }

  @Test func `goes before everything that was begun before, and brings back nothing that it took back`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing(running: "1")
      let same = try await world.begin(#""version":"3""#)
      let published = try await world.front.operate(.put, "/api/v1/firmwares/\(world.firmwares["main 2"] ?? "")/publication")
      #expect(published.status == 200)
      let id = try await world.begin(#""version":"3""#)
      try await world.update(thing, to: "3")
      let back = try await world.act("revert", id, 201)["id"]?.text ?? ""
      try await world.advance()
      try await world.update(thing, to: "1", next: ["2"])
      try await world.advance()
      #expect(try await world.state(back) == "finished")
      // Version 3 is not for it any more, though another rollout still has it; version 2, which is published, is.
      #expect(try await world.state(same) == "finished")
      try await world.fetch(thing, "3").expectThingError(404, "firmware not found")
      try await world.update(thing, to: "2")
      #expect(try await world.reason(thing) == .upToDate)
      #expect(try await world.poll(try await world.thing()) == ["3"], "it was taken back from nothing")
    }
  }

  @Test func `keeps what it took back from older rollouts of any priority`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let id = try await world.begin(#""version":"3""#)
      try await world.update(thing, to: "3")
      _ = try await world.begin(#""version":"3","priority":5"#)
      try await world.act("revert", id, 201)
      try await world.advance()
      try await world.update(thing, to: "1")
      #expect(try await world.reason(thing) == .upToDate)
      #expect(try await world.boot(thing, into: "0.9") == [])
      #expect(try await world.reason(thing) == .takenBack)
      try await world.fetch(thing, "3").expectThingError(404, "firmware not found")
    }
  }

  @Test(arguments: ["2", "3"]) func `lets pass what comes after, and leaves it there`(version: String) async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let id = try await world.begin(#""version":"3""#)
      try await world.update(thing, to: "3")
      let back = try await world.act("revert", id, 201)["id"]?.text ?? ""
      try await world.advance()
      try await world.update(thing, to: "1")
      try await world.advance()
      #expect(try await world.state(back) == "finished")
      let next = try await world.begin(#""version":"\#(version)""#)
      try await world.update(thing, to: version)
      #expect(try await world.poll(thing) == [])
      try await world.advance()
      #expect(try await world.counts(next) == ["confirmed": 1])
      #expect(try await world.state(next) == "finished")
    }
  }

  @Test func `takes several MCUs back`() async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      let thing = try await world.thing()
      let id = try await world.begin()
      for mcu in ["main", "radio"] { try await world.update(thing, mcu: mcu) }
      #expect(try await world.counts(id) == ["confirmed": 1])
      let back = try await world.act("revert", id, 201)["id"]?.text ?? ""
      try await world.advance()
      for mcu in ["main", "radio"] { try await world.update(thing, to: "1", mcu: mcu) }
      try await world.advance()
      #expect(try await world.counts(back) == ["confirmed": 1])
      #expect(try await world.state(back) == "finished")
    }
  }

  @Test(arguments: ["revert", "cancel"])
  func `may be a publication, which ends with it and can be begun anew`(verb: String) async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let path = "/api/v1/firmwares/\(world.firmwares["main 2"] ?? "")"
      #expect(try await world.front.operate(.put, path + "/publication").status == 200)
      try await world.update(thing)
      let publications = DocumentedJourney.entries(try await world.list("?publications=true"), "rollouts")
      let id = publications.first?["id"]?.text ?? ""
      if verb == "revert" {
        try await world.act("revert", id, 201)
        try await world.advance()
        try await world.update(thing, to: "1")
      } else {
        try await world.act("cancel", id)
        try await world.boot(thing, into: "1")
        #expect(try await world.front.operate(.post, "/api/v1/things/\(thing.id)/retry").status == 200)
      }
      #expect(try await world.poll(thing) == [])
      #expect(try await world.front.operate(.get, path).json()["publishedAt"] == nil)
      let again = try await world.front.operate(.put, path + "/publication")
      #expect(again.status == 200)
      #expect(try again.json()["publishedAt"] != nil)
      #expect(try await world.poll(thing) == ["2"])
    }
  }

  @Test func `cannot be before it was started`() async throws {
    try await RolloutWorld.play { world in
      let id = try await world.create()
      try await world.act("revert", id, 409)
      try await world.act("cancel", id)
      try await world.act("revert", id, 409)
    }
  }

  @Test(arguments: [nil, "0.9"])
  func `has to know of a thing what it ran before, and that was registered`(running: String?) async throws {
    try await RolloutWorld.play { world in
      let (unknown, known) = (try await world.thing(running: running), try await world.thing())
      let id = try await world.begin()
      try await world.update(unknown)
      let audit = try await world.auditCount()
      // The other belongs to it, but has not been offered anything yet.
      let refusal = try await world.front.operate(.post, "/api/v1/rollouts/\(id)/revert")
      try refusal.expectProblem(409, "wrong-state")
      #expect(try await world.state(id) == "running")
      #expect(try await world.auditCount() == audit)
      #expect(try await world.poll(known) == ["2"])
      try await world.advance()
      try await world.act("revert", id, 201)
    }
  }

  @Test func `knows of what was offered just now, though nothing has been written down yet`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let id = try await world.begin()
      #expect(try await world.poll(thing) == ["2"])
      try await world.act("revert", id, 201)
    }
  }

  @Test func `takes back only what it brought, from wherever its last stage ended`() async throws {
    try await RolloutWorld.play { world in
      let (taken, moved) = (try await world.thing(tags: ["canary"]), try await world.thing(tags: ["canary"]))
      let id = try await world.begin(#""stages":["tag:canary"]"#)
      for thing in [taken, moved] { try await world.update(thing) }
      try await world.boot(moved, into: "3")
      let made = try await world.act("revert", id, 201)
      #expect(DocumentedJourney.entries(made, "stages").compactMap { $0["share"]?.text } == ["tag:canary", "100%"])
      let back = made["id"]?.text ?? ""
      let tag = "/v2/things/\(taken.token)/tags/canary"
      #expect(try await world.front.send(.delete, tag).status == 200)
      try await world.advance()
      #expect(try await world.poll(moved) == [])
      #expect(try await world.reason(moved) == .nothingToRevert)
      try await world.advance()
      try await world.update(taken, to: "1")
      try await world.advance()
      #expect(try await world.counts(back) == ["confirmed": 1])
      #expect(try await world.state(back) == "finished")
    }
  }

  @Test func `takes nothing back to what was withdrawn, and begins no rollout of it`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let id = try await world.begin()
      try await world.update(thing)
      let old = world.firmwares["main 1"] ?? ""
      #expect(try await world.front.operate(.delete, "/api/v1/firmwares/\(old)/publication").status == 200)
      try await world.act("revert", id, 201)
      try await world.advance()
      #expect(try await world.poll(thing) == [])
      #expect(try await world.reason(thing) == .withdrawn)
      try await world.fetch(thing, "1").expectThingError(404, "firmware not found")
    }
  }

  @Test(arguments: [true, false]) func `is of no firmware that was withdrawn, until it is published`(byID: Bool) async throws {
    try await RolloutWorld.play { world in
      let firmware = world.firmwares["main 2"] ?? ""
      let path = "/api/v1/firmwares/\(firmware)/publication"
      #expect(try await world.front.operate(.delete, path).status == 200)
      let order = RolloutWorld.order(byID ? #""firmwares":["\#(firmware)"]"# : #""version":"2""#)
      try await world.front.operate(.post, "/api/v1/rollouts", order).expectProblem(409, "wrong-state")
      #expect(try await world.front.operate(.put, path).status == 200)
      #expect(try await world.front.operate(.post, "/api/v1/rollouts", order).status == 201)
    }
  }

  @Test func `and cancelled leaves things where they are`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let id = try await world.begin()
      try await world.update(thing)
      let back = try await world.act("revert", id, 201)["id"]?.text ?? ""
      try await world.advance()
      #expect(try await world.poll(thing) == ["1"])
      #expect(try await world.reason(thing) == .offered)
      try await world.act("cancel", back)
      #expect(try await world.poll(thing) == [])
      #expect(try await world.fetch(thing, "1").status == 404)
    }
  }
}
