import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("What a rollout does not learn from") struct RouterRolloutSilenceTests {
  @Test(arguments: [(300, nil, 7200), (3600, nil, 10_800), (3600, "60", 60), (3600, "7200", 7200), (3600, "0", 0)])
  func `is as long as things take to ask three times, unless it is said`(
    interval: Int, silence: String?, expected: Int64
  ) async throws {
    try await RolloutWorld.play { world in
      let changed = try await world.front.operate(.patch, "/api/v1/models/lamp", #"{"pollInterval":\#(interval)}"#)
      #expect(changed.status == 200)
      let id = try await world.create(silence.map { #""silence":\#($0)"# } ?? "")
      let told = try await world.show(id)["plan"]?["silence"]
      #expect(told == .integer(expected))
    }
  }

  @Test func `is no thing that has downloaded all that it was to download`() async throws {
    try await RolloutWorld.play { world in
      let (done, begun) = (try await world.thing(), try await world.thing())
      let id = try await world.begin(#""downloadOnly":true,"silence":600"#)
      for thing in [done, begun] { #expect(try await world.poll(thing) == ["2"]) }
      #expect(try await world.fetch(done).status == 200)
      #expect(try await world.fetch(begun, "2", "0-49").status == 206)
      world.pass(seconds: 10_000)
      try await world.advance()
      #expect(try await world.counts(id) == ["downloaded": 1, "silent": 1])
    }
  }

  @Test func `are things that have not come since their stage opened, once it is older than the silence`() async throws {
    try await RolloutWorld.play { world in
      var first: [PlayedThing] = []
      for _ in 1...3 { first.append(try await world.thing(tags: ["canary"])) }
      let rest = try await world.thing()
      let id = try await world.begin(#""stages":["tag:canary","100%"],"minSample":3,"silence":600"#)
      for thing in first[..<2] { try await world.update(thing) }
      world.pass(seconds: 599)
      try await world.advance()
      #expect(try await world.stages(id) == ["open", "pending"])
      world.pass(seconds: 1)
      try await world.advance()
      #expect(try await world.stages(id) == ["passed", "open"])
      for thing in [rest, first[2]] { try await world.update(thing) }
      try await world.advance()
      #expect(try await world.counts(id) == ["confirmed": 4])
    }
  }

  @Test func `are failures that were pardoned: a stage with no other end opens no other stage`() async throws {
    try await RolloutWorld.play { world in
      let (failed, good) = (try await world.thing(tags: ["canary"]), try await world.thing(tags: ["canary"]))
      let rest = try await world.thing()
      let id = try await world.begin(#""stages":["tag:canary","100%"],"haltAt":"0%","success":"100%""#)
      #expect(try await world.poll(failed) == ["2"])
      try await world.report(failed, "rejected")
      #expect(try await world.state(id) == "halted")
      try await world.act("resume", id)
      for _ in 1...2 {
        try await world.advance()
        #expect(try await world.stages(id) == ["open", "pending"])
        #expect(try await world.poll(rest) == [])
        world.pass(seconds: 10_000)
        try await world.test.service.load()
      }
      try await world.update(good)
      try await world.advance()
      #expect(try await world.stages(id) == ["passed", "open"])
      try await world.update(rest)
      try await world.advance()
      #expect(try await world.state(id) == "finished")
      #expect(try await world.counts(id) == ["confirmed": 2, "rejected": 1])
    }
  }

  @Test func `are things on which the firmware failed before: it waits for none of them`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let first = try await world.begin()
      #expect(try await world.poll(thing) == ["2"])
      try await world.report(thing, "rejected")
      try await world.act("cancel", first)
      let second = try await world.begin()
      #expect(try await world.counts(second) == ["waiting": 1])
      #expect(try await world.poll(thing) == [])
      #expect(try await world.reason(thing) == .rejectedByThing)
      #expect(try await world.counts(second) == [:])
      try await world.advance()
      #expect(try await world.state(second) == "finished")
      #expect(try await world.counts(first) == ["rejected": 1])
    }
  }
}
