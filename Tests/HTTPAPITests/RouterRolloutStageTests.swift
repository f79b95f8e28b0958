import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("The stages of a rollout") struct RouterRolloutStageTests {
  private static let canary = #""stages":["tag:canary","100%"]"#

  private static func canaries(_ count: Int, _ world: RolloutWorld) async throws -> [PlayedThing] {
    var things: [PlayedThing] = []
    for _ in 0..<count { things.append(try await world.thing(tags: ["canary"])) }
    return things
  }

  @Test func `open one after another, once enough have succeeded for long enough`() async throws {
    try await RolloutWorld.play { world in
      let first = try await Self.canaries(3, world)
      let rest = try await world.things(2)
      let id = try await world.begin(Self.canary + #","minSample":2,"success":"100%","soak":600"#)
      #expect(try await world.stages(id) == ["open", "pending"])
      #expect(try await world.counts(id) == ["waiting": 3])
      for thing in rest {
        #expect(try await world.poll(thing) == [])
        #expect(try await world.reason(thing) == .stageNotOpen)
        try await world.fetch(thing).expectThingError(404, "firmware not found")
      }
      try await world.update(first[0])
      try await world.advance()
      #expect(try await world.stages(id) == ["open", "pending"], "one is no sample of two")
      try await world.update(first[1])
      try await world.advance()
      #expect(try await world.stages(id) == ["soaking", "pending"])
      world.pass(seconds: 599)
      try await world.advance()
      #expect(try await world.stages(id) == ["soaking", "pending"])
      #expect(try await world.poll(rest[0]) == [])
      world.pass(seconds: 1)
      try await world.advance()
      #expect(try await world.stages(id) == ["passed", "open"])
      #expect(try await world.counts(id) == ["confirmed": 2, "waiting": 3])
      for thing in rest + [first[2]] { try await world.update(thing) }
      try await world.advance()
      #expect(try await world.state(id) == "finished")
      #expect(try await world.stages(id) == ["passed", "passed"])

      // Who comes later still gets it, and it stays finished.
      let late = try await world.thing()
      #expect(try await world.poll(late) == ["2"])
      try await world.advance()
      #expect(try await world.state(id) == "finished")
      try await world.update(late)
      try await world.advance()
      #expect(try await world.state(id) == "finished")
      #expect(try await world.counts(id) == ["confirmed": 6])
      #expect(try await world.reason(late) == .upToDate)
      let stages = DocumentedJourney.entries(try await world.show(id), "stages").map { $0["things"] }
      #expect(stages == [.integer(3), .integer(3)])
    }
  }

  @Test func `soak anew after a thing that had succeeded falls back`() async throws {
    try await RolloutWorld.play { world in
      let first = try await Self.canaries(2, world)
      _ = try await world.thing()
      let id = try await world.begin(Self.canary + #","minSample":2,"success":"100%","soak":600"#)
      for thing in first { try await world.update(thing) }
      try await world.advance()
      #expect(try await world.stages(id) == ["soaking", "pending"])
      world.pass(seconds: 300)
      try await world.boot(first[0], into: "1")
      try await world.advance()
      #expect(try await world.stages(id) == ["open", "pending"])
      world.pass(seconds: 600)
      try await world.advance()
      #expect(try await world.stages(id) == ["open", "pending"])
      try await world.boot(first[0], into: "2")
      try await world.advance()
      world.pass(seconds: 599)
      try await world.advance()
      #expect(try await world.stages(id) == ["soaking", "pending"])
      world.pass(seconds: 1)
      try await world.advance()
      #expect(try await world.stages(id) == ["passed", "open"])
    }
  }

  @Test func `are passed by where nobody is in them, and a small one needs no more than it has`() async throws {
    try await RolloutWorld.play { world in
      let first = try await Self.canaries(1, world)
      let rest = try await world.thing()
      let id = try await world.begin(#""stages":["tag:nobody","tag:canary","100%"],"minSample":20"#)
      #expect(try await world.stages(id) == ["passed", "open", "pending"])
      try await world.update(first[0])
      try await world.advance()
      #expect(try await world.stages(id) == ["passed", "passed", "open"])
      #expect(try await world.poll(rest) == ["2"])
    }
  }

  @Test func `hold by shares what the hash says, and the next holds all before it`() async throws {
    try await RolloutWorld.play { world in
      let things = try await world.things(30)
      let id = try await world.begin(#""stages":["40%","100%"]"#)
      let early = things.filter { RolloutShare.place(of: $0.id, in: id) < 400_000 }
      try #require(!early.isEmpty && early.count < 30)
      #expect(try await world.counts(id) == ["waiting": early.count])
      for thing in things {
        #expect(try await world.poll(thing) == (early.contains { $0.id == thing.id } ? ["2"] : []))
      }
      for thing in early { try await world.update(thing) }
      try await world.advance()
      for thing in things where !early.contains(where: { $0.id == thing.id }) { try await world.update(thing) }
      #expect(try await world.counts(id) == ["confirmed": 30])
    }
  }

  @Test func `wait for a person where one is asked for`() async throws {
    try await RolloutWorld.play { world in
      let first = try await Self.canaries(1, world)
      let rest = try await world.thing()
      let id = try await world.begin(Self.canary + #","approval":true"#)
      // There is nothing to approve of before the stage has shown anything.
      try await world.act("approve", id, 409)
      #expect(try await world.stages(id) == ["open", "pending"])
      try await world.update(first[0])
      for _ in 1...2 {
        world.pass(seconds: 10_000)
        try await world.advance()
        #expect(try await world.stages(id) == ["awaitingApproval", "pending"])
        #expect(try await world.poll(rest) == [])
        #expect(try await world.show(id)["needs"]?.text == "approval")
      }
      try await world.act("approve", id)
      try await world.advance()
      #expect(try await world.stages(id) == ["passed", "open"])
      #expect(try await world.poll(rest) == ["2"])
      try await world.act("approve", id, 409)
      let events = try await world.test.service.rolloutEvents(of: id, after: 0)
      #expect(events.map(\.kind) == [.created, .started, .stageOpened, .approvalNeeded, .approved, .stageOpened])
      #expect(events.map { $0.details["stage"] } == [nil, nil, "1", "2", nil, "2"])
    }
  }

  @Test(arguments: Door.allCases)
  func `are halted by the failure that is one too many, at once`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let things = try await world.things(6)
      let id = try await world.begin(#""haltAt":"40%","minSample":3"#)
      for thing in things { #expect(try await world.poll(thing) == ["2"]) }
      try await world.report(things[0], "rejected")
      try await world.report(things[1], "rejected")
      #expect(try await world.state(id) == "running", "two are no sample of three")
      #expect(try await world.poll(things[5]) == ["2"])
      #expect(try await world.fetch(things[5], "2", "0-49").status == 206)
      try await world.report(things[2], "rejected")
      // Nobody has looked in between.
      #expect(try await world.poll(things[5]) == [])
      #expect(try await world.reason(things[5]) == .halted)
      try await world.fetch(things[5], "2", "50-").expectThingError(404, "firmware not found")
      #expect(try await world.poll(try await world.thing()) == [])
      let shown = try await world.show(id)
      #expect(shown["state"]?.text == "halted" && shown["needs"]?.text == "resume" && shown["endedAt"] != nil)
      #expect(shown["haltReason"]?.text == "3 of 3 things of stage 1 failed, more than 40%")
      try await world.test.service.load()
      #expect(try await world.state(id) == "halted")
      #expect(try await world.poll(things[5]) == [])
    }
  }

  @Test func `are halted also after the end, by those that came later`() async throws {
    try await RolloutWorld.play { world in
      let things = try await world.things(2)
      let id = try await world.begin(#""haltAt":"30%""#)
      for thing in things { try await world.update(thing) }
      try await world.advance()
      #expect(try await world.state(id) == "finished")
      let late = try await world.things(2)
      for thing in late { #expect(try await world.poll(thing) == ["2"]) }
      try await world.report(late[0], "rejected")
      #expect(try await world.state(id) == "halted")
      #expect(try await world.poll(late[1]) == [])
    }
  }

  @Test func `stay as they are while the rollout is paused, and go on after it`() async throws {
    try await RolloutWorld.play { world in
      let first = try await Self.canaries(1, world)
      let rest = try await world.thing()
      let id = try await world.begin(Self.canary)
      #expect(try await world.poll(first[0]) == ["2"])
      #expect(try await world.fetch(first[0]).status == 200)
      try await world.act("pause", id)
      // What is on the thing already may go on there.
      try await world.report(first[0], "installed")
      try await world.boot(first[0], into: "2")
      try await world.advance()
      #expect(try await world.counts(id) == ["confirmed": 1])
      #expect(try await world.stages(id) == ["open", "pending"])
      try await world.act("resume", id)
      try await world.advance()
      #expect(try await world.stages(id) == ["passed", "open"])
      #expect(try await world.poll(rest) == ["2"])
    }
  }

  @Test func `do not halt again by failures that a person knew of who resumed`() async throws {
    try await RolloutWorld.play { world in
      let things = try await world.things(5)
      let id = try await world.begin(#""haltAt":"0%""#)
      for thing in things { #expect(try await world.poll(thing) == ["2"]) }
      try await world.report(things[0], "rejected")
      #expect(try await world.state(id) == "halted")
      try await world.act("resume", id)
      try await world.advance()
      let shown = try await world.show(id)
      #expect(shown["state"]?.text == "running" && shown["haltReason"] == nil && shown["endedAt"] == nil)
      try await world.update(things[1])
      try await world.advance()
      #expect(try await world.state(id) == "running")
      try await world.test.service.load()
      try await world.advance()
      #expect(try await world.state(id) == "running", "a restart forgets nothing of that")
      try await world.report(things[2], "rejected")
      #expect(try await world.show(id)["haltReason"]?.text == "1 of 2 things of stage 1 failed, more than 0%")
      try await world.act("resume", id)
      for thing in things[3...] { try await world.update(thing) }
      try await world.advance()
      #expect(try await world.state(id) == "finished")
      #expect(try await world.counts(id) == ["confirmed": 3, "rejected": 2])
    }
  }

  @Test func `count a thing as failed that was offered it and is not heard of, until it is`() async throws {
    try await RolloutWorld.play { world in
      let (silent, living, waiting) = (try await world.thing(), try await world.thing(), try await world.thing())
      let id = try await world.begin(#""silence":600"#)
      for thing in [silent, living] { #expect(try await world.poll(thing) == ["2"]) }
      world.pass(seconds: 599)
      try await world.advance()
      #expect(try await world.counts(id) == ["offered": 2, "waiting": 1])
      try await world.poll(living)
      world.pass(seconds: 2)
      try await world.advance()
      #expect(try await world.counts(id) == ["offered": 1, "silent": 1, "waiting": 1])
      // What counts is when it was heard last, also once that was written down.
      world.pass(seconds: 597)
      try await world.advance()
      #expect(try await world.counts(id) == ["offered": 1, "silent": 1, "waiting": 1])
      world.pass(seconds: 1)
      try await world.advance()
      #expect(try await world.counts(id) == ["silent": 2, "waiting": 1])
      // They are there again.
      for thing in [silent, living] { #expect(try await world.poll(thing) == ["2"]) }
      #expect(try await world.counts(id) == ["offered": 2, "waiting": 1])
      for thing in [silent, living, waiting] { try await world.update(thing) }
      #expect(try await world.counts(id) == ["confirmed": 3])
    }
  }

  @Test func `are halted by silence, and a service that was away has heard nobody`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let id = try await world.begin(#""silence":600,"haltAt":"0%""#)
      #expect(try await world.poll(thing) == ["2"])
      world.pass(seconds: 10_000)
      // It begins to serve only now.
      try await world.test.service.load()
      try await world.advance()
      #expect(try await world.counts(id) == ["offered": 1])
      #expect(try await world.state(id) == "running")
      world.pass(seconds: 601)
      try await world.advance()
      #expect(try await world.counts(id) == ["silent": 1])
      #expect(try await world.state(id) == "halted")
    }
  }

  @Test func `tell of each step once, in order, to whoever listens`() async throws {
    try await RolloutWorld.play { world in
      let first = try await Self.canaries(1, world)
      let rest = try await world.thing()
      let id = try await world.begin(Self.canary + #","haltAt":"10%""#)
      try await world.update(first[0])
      try await world.advance()
      try await world.advance()
      try await world.act("pause", id)
      try await world.act("resume", id)
      #expect(try await world.poll(rest) == ["2"])
      try await world.report(rest, "rejected")
      try await world.act("resume", id)
      try await world.advance()
      let events = try await world.test.service.rolloutEvents(of: id, after: 0)
      #expect(
        events.map(\.kind) == [
          .created, .started, .stageOpened, .stageOpened, .paused, .resumed, .halted, .resumed, .finished,
        ])
      #expect(events.allSatisfy { $0.model == "lamp" && $0.rolloutID == id })
    }
  }
}
