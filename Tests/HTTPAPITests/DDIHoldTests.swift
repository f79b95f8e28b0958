import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

@Suite("What holds a device of DDI back") struct DDIHoldTests {
  /// Expects that a device with an open action has to wait.
  private static func expectHold(
    of action: String, _ device: DDIDevice, window: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    #expect(try await device.links() == [:], sourceLocation: sourceLocation)
    let told = try await device.deployment(action)["deployment"]
    #expect(told?["download"]?.text == "skip" && told?["update"]?.text == "skip", sourceLocation: sourceLocation)
    #expect(told?["maintenanceWindow"]?.text == window, sourceLocation: sourceLocation)
    let held = try await device.fetch("2", [.range: "bytes=50-"])
    try held.expectDDIError(503, "held", sourceLocation: sourceLocation)
    let seconds = held.headers[.retryAfter].flatMap(Int.init) ?? 0
    #expect((5...60).contains(seconds), sourceLocation: sourceLocation)
    #expect(try await device.get("/cancelAction/\(action)").status == 404, sourceLocation: sourceLocation)
  }

  @Test(arguments: Door.allCases) func `is a pause, also in mid-download, which cancels nothing`(door: Door) async throws {
    try await RolloutWorld.play(door: door) { world in
      let device = try await world.device()
      let id = try await world.begin()
      let link = try await device.links()
      let action = try await device.action() ?? ""
      #expect(try await device.fetch("2", [.range: "bytes=0-49"]).status == 206)
      try await world.act("pause", id)
      try await Self.expectHold(of: action, device)
      #expect(try await world.counts(id) == ["waiting": 1])
      try await world.act("resume", id)
      #expect(try await device.links() == link)
      let rest = try await device.fetch("2", [.range: "bytes=50-"])
      #expect(rest.status == 206 && rest.bytes == Array(imageBytes(RolloutWorld.imageSize, seed: 2)[50...]))
      #expect(try await world.counts(id) == ["downloaded": 1])
    }
  }

  /// The clock stands at Sunday, 15:06:40 UTC.
  @Test func `is an hour outside the window`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      _ = try await world.begin(#""windows":["Sun 15:00-15:10"]"#)
      let link = try await device.links()
      let tag = try await device.get().headers[.eTag] ?? ""
      let action = try await device.action() ?? ""
      #expect(try await device.deployment(action)["deployment"]?["maintenanceWindow"]?.text == "available")
      world.pass(seconds: 300)
      #expect(try await device.get("", [.ifNoneMatch: tag]).status == 200)
      try await Self.expectHold(of: action, device, window: "unavailable")
      world.pass(seconds: 7 * 86_400 - 240)
      #expect(try await device.links() == link)
      #expect(try await device.fetch().status == 200)
    }
  }

  @Test(arguments: ["success", "failure", "none"]) func `has a device skip the update and close it, which counts for nothing`(
    finished: String
  ) async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin(#""haltAt":"0%","attempts":1"#)
      let first = try await device.action() ?? ""
      try await world.act("pause", id)
      #expect(try await device.report("closed", finished, on: first) == 200)
      #expect(try await device.report("closed", finished, on: first) == 200)
      #expect(try await device.links() == [:])
      #expect(try await world.counts(id) == ["waiting": 1])
      #expect(try await device.get("/installedBase/\(first)").status == 404)
      try await world.act("resume", id)
      let second = try await device.action() ?? ""
      #expect(!second.isEmpty && second != first)
      #expect(try await world.counts(id) == ["offered": 1])
    }
  }

  @Test func `takes the result of what was downloaded before`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      #expect(try await device.fetch().status == 200)
      try await world.act("pause", id)
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await device.tell(#""sw_version":"2""#) == 200)
      #expect(try await world.counts(id) == ["confirmed": 1])
    }
  }

  @Test func `is a gate on what the device has told of itself`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      #expect(try await device.tell(#""hwRevision":"1""#) == 200)
      _ = try await world.begin(#""gate":"resource.hwRevision==2""#)
      #expect(try await device.links() == [:])
      #expect(try await world.reason(device.thing) == .gateClosed)
      #expect(try await device.tell(#""hwRevision":"2""#) == 200)
      #expect(try await device.action() != nil)
      #expect(try await device.tell(#""hwRevision":null"#) == 200)
      #expect(try await device.links() == [:])
    }
  }

  @Test func `is a target that asks for other names`() async throws {
    try await RolloutWorld.play { world in
      let (device, other) = (try await world.device("dev-1"), try await world.device("dev-2"))
      _ = try await world.begin(#""target":"controllerId==dev-1""#)
      #expect(try await device.action() != nil)
      #expect(try await other.links() == [:])
      #expect(try await world.reason(other.thing) == .notInTarget)
    }
  }

  @Test func `is nothing where it only downloads: it does so once, and says so`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin(#""downloadOnly":true"#)
      let action = try await device.action() ?? ""
      let told = try await device.deployment(action)["deployment"]
      #expect(told?["download"]?.text == "forced" && told?["update"]?.text == "skip")
      #expect(try await device.fetch().status == 200)
      #expect(try await device.action() == action, "until it says so")
      #expect(try await device.report("downloaded", "success", on: action) == 200)
      #expect(try await world.counts(id) == ["downloaded": 1])
      for _ in 1...2 {
        #expect(try await device.links() == ["configData": "/configData", "installedBase": "/installedBase/\(action)"])
      }
      // One last word may follow, and be repeated.
      for _ in 1...2 { #expect(try await device.report("closed", "success", on: action) == 200) }
      #expect(try await device.report("closed", "failure", on: action) == 410)
      #expect(try await device.report("proceeding", on: action) == 410)
      #expect(try await world.counts(id) == ["downloaded": 1])
      try await world.advance()
      #expect(try await world.state(id) == "finished")
      // Another rollout has it installed.
      let install = try await world.begin(#""priority":1"#)
      let second = try await device.action() ?? ""
      #expect(!second.isEmpty && second != action)
      #expect(try await device.deployment(second)["deployment"]?["update"]?.text == "forced")
      #expect(try await device.report("closed", "success", on: second) == 200)
      #expect(try await device.tell(#""sw_version":"2""#) == 200)
      #expect(try await world.counts(install) == ["confirmed": 1])
    }
  }

  @Test func `is a refusal where a device that only installs is told to download alone`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin(#""downloadOnly":true"#)
      let action = try await device.action() ?? ""
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await world.counts(id) == ["rejected": 1])
      #expect(try await device.action() == nil)
    }
  }

  @Test func `is the silence of a device, which counts against the rollout`() async throws {
    try await RolloutWorld.play { world in
      let (silent, heard) = (try await world.device("dev-1"), try await world.device("dev-2"))
      let id = try await world.begin(#""silence":600,"haltAt":"60%","minSample":2"#)
      let action = try await silent.action() ?? ""
      #expect(try await heard.action() != nil)
      world.pass(seconds: 599)
      #expect(try await heard.action() != nil)
      world.pass(seconds: 2)
      try await world.advance()
      #expect(try await world.counts(id) == ["offered": 1, "silent": 1])
      // It comes back, and its action with it.
      #expect(try await silent.action() == action)
      #expect(try await world.counts(id) == ["offered": 2])
    }
  }
}
