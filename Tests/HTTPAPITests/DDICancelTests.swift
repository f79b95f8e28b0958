import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("An update that a device of DDI is to stop") struct DDICancelTests {
  /// Expects that a device is told to stop, and has nothing else to do.
  private static func expectCancel(
    of action: String, _ device: DDIDevice, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    #expect(try await device.links()["cancelAction"] == "/cancelAction/\(action)", sourceLocation: sourceLocation)
    let told = try await device.get("/cancelAction/\(action)")
    let expected = #"{"cancelAction":{"stopId":"\#(action)"},"id":"\#(action)"}"#
    #expect(try told.status == 200 && told.json().json == expected, sourceLocation: sourceLocation)
    #expect(told.headers[.eTag] != nil, sourceLocation: sourceLocation)
    #expect(try await device.get("/deploymentBase/\(action)").status == 404, sourceLocation: sourceLocation)
    #expect(try await device.fetch().status == 404, sourceLocation: sourceLocation)
  }

  @Test(arguments: Door.allCases) func `counts as stopped a day after it was told so and never answered`(
    door: Door
  ) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device()
      let service = world.test.service
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      #expect(try await service.endUnansweredCancellations() == 0)
      world.pass(seconds: 100_000)
      try await world.act("cancel", id)
      _ = try await world.begin(#""version":"3""#)
      try await Self.expectCancel(of: action, device)
      // Its time is counted from when it was told, not from when it got the update.
      #expect(try await service.endUnansweredCancellations() == 0)
      world.pass(seconds: 86_399)
      #expect(try await service.endUnansweredCancellations() == 0)
      try await Self.expectCancel(of: action, device)
      world.pass(seconds: 1)
      #expect(try await service.endUnansweredCancellations() == 1)
      let next = try #require(try await device.action())
      #expect(next != action)
      #expect(try await device.get("/cancelAction/\(action)").status == 404)
      #expect(try await device.report("closed", "success", on: action) == 410)
      #expect(try await device.report("canceled", on: action, "cancelAction") == 405)
      #expect(try await service.endUnansweredCancellations() == 0)
      #expect(try await device.action() == next)
    }
  }

  /// What was said, and whether the device then has stopped, goes on with the update, or is still to stop.
  private static let matrix: [(String, String, String)] = [
    ("closed", "success", "stopped"), ("closed", "none", "stopped"), ("canceled", "none", "stopped"),
    ("canceled", "success", "stopped"), ("closed", "failure", "goes on"), ("rejected", "none", "goes on"),
    ("rejected", "success", "goes on"), ("proceeding", "none", "told"), ("scheduled", "none", "told"),
    ("resumed", "none", "told"), ("download", "none", "told"), ("downloaded", "success", "told"),
  ]

  @Test(arguments: Door.allCases, matrix) func `is answered as hawkBit's table says, with one better line`(
    door: Door, row: (execution: String, finished: String, end: String)
  ) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      #expect(try await device.fetch("2", [.range: "bytes=0-49"]).status == 206)
      #expect(try await device.get("/cancelAction/\(action)").status == 404)
      let early = try await device.send(
        .post, "/cancelAction/\(action)/feedback", DDIDevice.feedback(row.execution, row.finished))
      try early.expectDDIError(405, "action.notCancelable")
      try await world.act("cancel", id)
      try await Self.expectCancel(of: action, device)
      #expect(try await device.report(row.execution, row.finished, on: action, "cancelAction") == 200)
      switch row.end {
      case "stopped":
        #expect(try await device.links() == [:])
        #expect(try await device.get("/cancelAction/\(action)").status == 404)
        #expect(try await device.report("closed", "success", on: action) == 410)
        // The same answer may come again; another comes too late.
        #expect(try await device.report(row.execution, row.finished, on: action, "cancelAction") == 200)
        #expect(try await device.report("rejected", on: action, "cancelAction") == 405)
      case "goes on":
        #expect(try await device.action() == action)
        let told = try await device.deployment(action)
        #expect(told["deployment"]?["update"]?.text == "skip", "the rest of it is not to be had")
        #expect(try await device.get("/cancelAction/\(action)").status == 404)
        // It may finish what it has. It gets no more of what was cancelled.
        #expect(try await device.fetch().status == 404)
        #expect(try await device.report("closed", "success", on: action) == 200)
        #expect(try await device.action() == nil)
        #expect(try await device.state() == "installed")
      default: try await Self.expectCancel(of: action, device)
      }
    }
  }

  @Test func `is refused where the answer is none`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      try await world.act("cancel", id)
      #expect(try await device.action("cancelAction") == action)
      #expect(try await device.report("stopped", "success", on: action, "cancelAction") == 400)
      #expect(try await device.report("closed", "success", on: "x", "cancelAction") == 400)
      #expect(try await device.report("closed", "success", on: "99", "cancelAction") == 404)
      try await Self.expectCancel(of: action, device)
    }
  }

  @Test func `comes from a newer rollout, which is told of once the device has stopped`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let older = try await world.begin()
      let first = try await device.action() ?? ""
      let newer = try await world.begin(#""version":"3""#)
      try await Self.expectCancel(of: first, device)
      #expect(try await device.report("closed", "success", on: first, "cancelAction") == 200)
      let second = try await device.action() ?? ""
      #expect(!second.isEmpty && second != first)
      let chunks = DocumentedJourney.entries(try await device.deployment(second)["deployment"] ?? .null, "chunks")
      #expect(chunks.compactMap { $0["version"]?.text } == ["3"])
      #expect(try await device.fetch("3").status == 200)
      #expect(try await device.report("closed", "success", on: second) == 200)
      #expect(try await device.tell(#""sw_version":"3""#) == 200)
      #expect(try await world.counts(newer) == ["confirmed": 1])
      #expect(try await world.counts(older)["confirmed"] == nil)
      #expect(try await device.links() == ["installedBase": "/installedBase/\(second)"])
    }
  }

  @Test func `goes on where the device will not stop for a newer one, which comes after it`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      _ = try await world.begin()
      let first = try await device.action() ?? ""
      let newer = try await world.begin(#""version":"3""#)
      #expect(try await device.action("cancelAction") == first)
      #expect(try await device.report("rejected", "success", on: first, "cancelAction") == 200)
      #expect(try await device.action() == first)
      #expect(try await device.report("closed", "success", on: first) == 200)
      #expect(try await device.tell(#""sw_version":"2""#) == 200)
      let second = try await device.action() ?? ""
      #expect(!second.isEmpty && second != first)
      #expect(try await world.counts(newer) == ["offered": 1])
    }
  }

  @Test(arguments: [false, true]) func `comes from a rollout that halts, and is taken back where it is resumed`(
    rejects: Bool
  ) async throws {
    try await RolloutWorld.play { world in
      let (device, failing) = (try await world.device("dev-1"), try await world.device("dev-2"))
      let id = try await world.begin(#""haltAt":"0%","attempts":1"#)
      let action = try await device.action() ?? ""
      let bad = try await failing.action() ?? ""
      #expect(bad != action)
      #expect(try await failing.report("closed", "failure", on: bad, "deploymentBase", #","code":17"#) == 200)
      #expect(try await world.state(id) == "halted")
      try await Self.expectCancel(of: action, device)
      if rejects {
        #expect(try await device.report("rejected", on: action, "cancelAction") == 200)
        #expect(try await device.action() == action)
        #expect(try await device.fetch().status == 404)
      }
      try await world.act("resume", id)
      #expect(try await device.action() == action)
      #expect(try await device.report("closed", "success", on: action, "cancelAction") == 405)
      #expect(try await device.fetch().status == 200)
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await device.tell(#""sw_version":"2""#) == 200)
      #expect(try await world.counts(id) == ["confirmed": 1, "failed": 1])
      #expect(try await failing.action() == nil)
    }
  }

  @Test func `is told of again by a new action where it had stopped before the rollout was resumed`() async throws {
    try await RolloutWorld.play { world in
      let (device, failing) = (try await world.device("dev-1"), try await world.device("dev-2"))
      let id = try await world.begin(#""haltAt":"0%","attempts":1"#)
      let action = try await device.action() ?? ""
      #expect(try await failing.report("closed", "failure", on: try await failing.action() ?? "") == 200)
      #expect(try await device.action("cancelAction") == action)
      #expect(try await device.report("closed", "success", on: action, "cancelAction") == 200)
      #expect(try await device.links() == [:])
      try await world.act("resume", id)
      let second = try await device.action() ?? ""
      #expect(!second.isEmpty && second != action)
    }
  }

  @Test func `that cuts a download makes it no failure`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      #expect(try await device.fetch("2", [.range: "bytes=0-9"]).status == 206)
      try await world.act("cancel", id)
      #expect(try await device.action("cancelAction") == action)
      #expect(try await device.report("closed", "failure", on: action) == 200)
      #expect(try await world.counts(id)["failed"] == nil)
      // It answers the request to stop, too.
      #expect(try await device.report("closed", "success", on: action, "cancelAction") == 200)
      #expect(try await device.links()["cancelAction"] == nil)
    }
  }
}
