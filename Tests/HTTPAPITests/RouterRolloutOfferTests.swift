import Catalog
import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("What a rollout brings") struct RouterRolloutOfferTests {
  @Test func `comes from the rollout with the larger priority, and else it is the newer firmware`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let newer = try await world.begin(#""version":"3""#)
      let plain = try await world.begin()
      #expect(try await world.poll(thing) == ["3"])
      let first = try await world.begin(#""priority":5"#)
      #expect(try await world.poll(thing) == ["2"])
      #expect(try await world.fetch(thing, "3").status == 200, "what another rollout brings may still be fetched")
      try await world.act("cancel", first)
      #expect(try await world.poll(thing) == ["3"])
      try await world.act("cancel", newer)
      #expect(try await world.poll(thing) == ["2"])
      try await world.update(thing)
      #expect(try await world.counts(plain) == ["confirmed": 1])
    }
  }

  @Test func `is not held back by what has finished, whatever its priority`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let first = try await world.begin(#""priority":5"#)
      try await world.update(thing)
      let second = try await world.begin(#""version":"3""#)
      try await world.advance()
      #expect(try await world.state(first) == "finished")
      try await world.update(thing, to: "3")
      try await world.advance()
      #expect(try await world.state(second) == "finished")
      #expect(try await world.counts(second) == ["confirmed": 1])
    }
  }

  @Test(arguments: ["waiting", "offered", "downloading"])
  func `takes a thing out of other rollouts that have brought it nothing yet`(state: String) async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let first = try await world.begin()
      if state != "waiting" { #expect(try await world.poll(thing) == ["2"]) }
      if state == "downloading" { #expect(try await world.fetch(thing, "2", "0-49").status == 206) }
      #expect(try await world.counts(first) == [state: 1])
      let second = try await world.begin(#""version":"3""#)
      #expect(try await world.poll(thing) == ["3"])
      #expect(try await world.counts(first) == [:])
      #expect(try await world.counts(second) == ["offered": 1])
      try await world.advance()
      #expect(try await world.state(first) == "finished")
    }
  }

  @Test func `is never older than what runs`() async throws {
    try await RolloutWorld.play { world in
      let (newer, unknown) = (try await world.thing(running: "3"), try await world.thing(running: "0.9"))
      let id = try await world.begin()
      #expect(try await world.poll(newer) == [])
      #expect(try await world.reason(newer) == .olderThanRunning)
      try await world.fetch(newer).expectThingError(404, "firmware not found")
      #expect(try await world.poll(unknown) == ["2"])
      #expect(try await world.counts(id) == ["offered": 1])
    }
  }

  /// What one of two things has, and the target that selects it.
  @Test(arguments: [
    ("tag==blue", ["blue"], #"{"key":"x","value":1}"#), ("resource.site=='a b'", [], #"{"key":"site","value":"a b"}"#),
    ("resource.load>=2.5", [], #"{"key":"load","value":2.5}"#), ("tag!=red and resource.x==1", [], #"{"key":"x","value":1}"#),
    ("setting.beta==true", [], ##"{"key":"$settings.beta","value":true}"##),
    ("geo=within=(41.4,2.2,5km)", [], ##"{"key":"$geo","value":[2.2,41.4]}"##),
  ])
  func `is for those that the target selects`(target: String, tags: [String], value: String) async throws {
    try await RolloutWorld.play { world in
      let chosen = try await world.thing(tags: tags, values: value)
      let other = try await world.thing(tags: ["red"])
      let id = try await world.begin(#""target":"\#(target)""#)
      #expect(try await world.poll(other) == [])
      #expect(try await world.reason(other) == .notInTarget)
      try await world.fetch(other).expectThingError(404, "firmware not found")
      #expect(try await world.counts(id) == ["waiting": 1])
      try await world.update(chosen)
      #expect(try await world.counts(id) == ["confirmed": 1])
      try await world.advance()
      #expect(try await world.state(id) == "finished")
    }
  }

  @Test func `is for those that run a certain version, and stays theirs when they do no longer`() async throws {
    try await RolloutWorld.play { world in
      let (old, older) = (try await world.thing(running: "1"), try await world.thing(running: "0.5"))
      let id = try await world.begin(#""target":"mcu.main.version=='1'","version":"3""#)
      #expect(try await world.poll(older) == [])
      try await world.update(old, to: "3")
      #expect(try await world.counts(id) == ["confirmed": 1])
      // Who comes into the target later gets it; who only waited and has left it does not.
      #expect(try await world.boot(older, into: "1") == ["3"])
      try await world.act("pause", id)
      let late = try await world.thing(running: "1")
      #expect(try await world.poll(late) == [])
      #expect(try await world.boot(late, into: "2") == [])
      try await world.act("resume", id)
      #expect(try await world.poll(late) == [])
      #expect(try await world.counts(id) == ["confirmed": 1, "offered": 1])
    }
  }

  @Test func `is only downloaded where no more is asked for, and installed by another rollout`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let id = try await world.begin(#""downloadOnly":true"#)
      let path = "/v2/things/\(thing.token)/firmwares/latest"
      let offered = DocumentedJourney.entries(try await world.front.get(path).json(), "firmwares")
      #expect(offered.map { $0["downloadOnly"] } == [.bool(true)])
      #expect(try await world.fetch(thing).status == 200)
      try await world.report(thing, "downloaded")
      #expect(try await world.counts(id) == ["downloaded": 1])
      try await world.advance()
      #expect(try await world.state(id) == "finished")

      let install = try await world.begin(#""priority":1"#)
      let told = DocumentedJourney.entries(try await world.front.get(path).json(), "firmwares")
      #expect(told.map { $0["update"] } == [.bool(true)] && told.map { $0["downloadOnly"] } == [nil])
      try await world.report(thing, "installed")
      try await world.boot(thing, into: "2")
      #expect(try await world.counts(install) == ["confirmed": 1])
      #expect(try await world.counts(id).values.reduce(0, +) == 1)
      try await world.advance()
      #expect(try await world.state(install) == "finished")
    }
  }

  @Test func `is tried again after a failed download, as often as it may`() async throws {
    try await RolloutWorld.play { world in
      let thing = try await world.thing()
      let id = try await world.begin()
      for attempt in 1...3 {
        #expect(try await world.poll(thing) == ["2"], "attempt \(attempt)")
        #expect(try await world.counts(id)["failed"] == nil, "a download that is tried again is no failure")
        try await world.report(thing, "downloading")
        try await world.report(thing, "failed", code: "TIMEOUT")
      }
      #expect(try await world.counts(id) == ["failed": 1])
      #expect(try await world.poll(thing) == [])
      #expect(try await world.reason(thing) == .failedBefore)
      #expect(try await world.fetch(thing).status == 403)
      let retry = try await world.front.operate(.post, "/api/v1/things/\(thing.id)/retry")
      #expect(retry.status == 200)
      try await world.update(thing)
      #expect(try await world.counts(id) == ["confirmed": 1])
    }
  }

  @Test func `counts as failed at the first failed install, and is offered again all the same`() async throws {
    try await RolloutWorld.play { world in
      let (lucky, unlucky) = (try await world.thing(), try await world.thing())
      let id = try await world.begin()
      for thing in [lucky, unlucky] {
        #expect(try await world.poll(thing) == ["2"])
        try await world.report(thing, "downloaded")
        try await world.report(thing, "installing")
        try await world.report(thing, "failed", code: "FLASH")
      }
      #expect(try await world.counts(id) == ["failed": 2])
      let failures = DocumentedJourney.entries(try await world.show(id), "stages")[0]["failures"]
      #expect(failures?.json == #"{"FLASH":2}"#)
      try await world.update(lucky)
      #expect(try await world.counts(id) == ["confirmed": 1, "failed": 1])
      for _ in 2...3 {
        #expect(try await world.poll(unlucky) == ["2"])
        try await world.report(unlucky, "installing")
        try await world.report(unlucky, "failed")
      }
      #expect(try await world.poll(unlucky) == [])
      #expect(try await world.reason(unlucky) == .failedBefore)
      #expect(try await world.counts(id) == ["confirmed": 1, "failed": 1])
    }
  }

  @Test func `is not offered again to a thing that rejects it or falls back`() async throws {
    try await RolloutWorld.play { world in
      let (proud, fallen) = (try await world.thing(), try await world.thing())
      let id = try await world.begin()
      for thing in [proud, fallen] { #expect(try await world.poll(thing) == ["2"]) }
      try await world.report(proud, "rejected")
      #expect(try await world.poll(proud) == [])
      #expect(try await world.reason(proud) == .rejectedByThing)
      try await world.report(fallen, "installed")
      #expect(try await world.poll(fallen) == [])
      #expect(try await world.reason(fallen) == .awaitingConfirmation)
      try await world.boot(fallen, into: "2")
      try await world.boot(fallen, into: "1")
      #expect(try await world.poll(fallen) == [])
      #expect(try await world.reason(fallen) == .rolledBack)
      #expect(try await world.counts(id) == ["rejected": 1, "rolledBack": 1])
    }
  }

  @Test(arguments: [["radio", "main"], ["main", "radio"]])
  func `comes to several MCUs in the order of the firmwares`(order: [String]) async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      let thing = try await world.thing()
      let ids = order.map { "\"\(world.firmwares["\($0) 2"] ?? "")\"" }.joined(separator: ",")
      let id = try await world.begin(#""firmwares":[\#(ids)]"#)
      let second = order[1] == "main" ? 0 : 1
      #expect(try await world.poll(thing) == ["\(order[0]) 2"])
      #expect(try await world.reason(thing, mcu: second) == .awaitingOtherMCU)
      #expect(try await world.fetch(thing, mcu: order[1]).status == 404)
      try await world.update(thing, mcu: order[0])
      #expect(try await world.counts(id)["confirmed"] == nil)
      try await world.advance()
      #expect(try await world.state(id) == "running")
      #expect(try await world.poll(thing) == ["\(order[1]) 2"])
      try await world.update(thing, mcu: order[1])
      #expect(try await world.counts(id) == ["confirmed": 1])
      try await world.advance()
      #expect(try await world.state(id) == "finished")
    }
  }
}
