import Domain
import FirmwareService
import HTTPTypes
import Testing

@testable import HTTPAPI

/// What is done in a moment in which something else happens: nothing is believed that cannot be, and nothing is counted twice.
@Suite("An action of DDI, at a bad moment,") struct DDIMomentTests {
  @Test(arguments: [false, true], [false, true])
  func `that was told to be skipped has not installed anything`(fetches: Bool, trusts: Bool) async throws {
    try await RolloutWorld.play { world in
      try await world.set(#"{"deviceDoor":{"trustsReports":\#(trusts)}}"#)
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      if fetches { #expect(try await device.fetch().status == 200) }
      try await world.act("pause", id)
      let told = try await device.deployment(action)["deployment"]
      #expect(told?["update"]?.text == "skip")
      try await world.act("resume", id)
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await device.running() == "1")
      let counts = try await world.counts(id)
      #expect(counts["claimed"] == nil && counts["installed"] == nil, "\(counts)")
      // It comes again, as another action.
      let next = try await device.action() ?? ""
      #expect(!next.isEmpty && next != action)
      let toldNext = try await device.deployment(next)["deployment"]
      #expect(toldNext?["update"]?.text == "forced")
    }
  }

  @Test func `of which nothing was fetched is believed by nobody`() async throws {
    try await RolloutWorld.play { world in
      try await world.set(#"{"deviceDoor":{"trustsReports":true}}"#)
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      #expect(try await device.report("closed", "success", on: action) == 200)
      #expect(try await device.running() == "1")
      #expect(try await world.counts(id) == ["installed": 1])
    }
  }

  @Test(arguments: ["cancel", "next", "reject"])
  func `whose download was cut by the service has not failed`(how: String) async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin(#""attempts":1"#)
      let action = try await device.action() ?? ""
      #expect(try await device.fetch("2", [.range: "bytes=0-49"]).status == 206)
      if how == "next" {
        _ = try await world.begin(#""version":"3""#)
        #expect(try await device.action("cancelAction") == action)
      } else {
        try await world.act("cancel", id)
      }
      if how == "reject" {
        #expect(try await device.action("cancelAction") == action)
        #expect(try await device.report("rejected", "none", on: action, "cancelAction") == 200)
      }
      #expect(try await device.report("closed", "failure", on: action) == 200)
      #expect(try await world.counts(id)["failed"] == nil)
      #expect(try await device.state() != "failed")
      if how != "next" {
        let again = try await world.begin()
        let next = try await device.action() ?? ""
        #expect(!next.isEmpty && next != action)
        let counts = try await world.counts(again)
        #expect(counts["failed"] == nil && counts.values.reduce(0, +) == 1, "\(counts)")
      }
    }
  }

  @Test func `that a device would not give up does not stand before what there is for it now`() async throws {
    try await RolloutWorld.play { world in
      let device = try await world.device()
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      try await world.act("cancel", id)
      #expect(try await device.action("cancelAction") == action)
      #expect(try await device.report("rejected", "none", on: action, "cancelAction") == 200)
      #expect(try await device.action() == action)
      _ = try await world.begin(#""version":"3""#)
      let next = try await device.action() ?? ""
      #expect(!next.isEmpty && next != action)
    }
  }

  @Test func `that has ended by another word is not cancelled, and takes its last report`() async throws {
    try await RolloutWorld.play { world in
      let (device, token) = try await world.deviceOfThing()
      _ = try await device.get()
      #expect(try await device.tell(#""sw_version":"1""#) == 200)
      let id = try await world.begin()
      let action = try await device.action() ?? ""
      #expect(try await device.fetch().status == 200)
      // As after a crash between what a report says of the update and the end of the action.
      try await world.report(PlayedThing(id: try await world.test.newestThing(), token: token), "installed")
      let links = try await device.links()
      #expect(links["cancelAction"] == nil && links["deploymentBase"] == nil && links["configData"] != nil)
      for _ in 1...2 { #expect(try await device.report("closed", "success", on: action) == 200) }
      #expect(try await device.tell(#""sw_version":"2""#) == 200)
      #expect(try await world.counts(id) == ["confirmed": 1])
    }
  }

  @Test(arguments: [false, true])
  func `leaves alone the MCU that runs something newer`(trusts: Bool) async throws {
    try await RolloutWorld.play(mcus: ["main", "radio"]) { world in
      try await world.set(#"{"deviceDoor":{"trustsReports":\#(trusts)}}"#)
      let device = try await world.device()
      #expect(try await device.tell(#""sw_version_main":"1","sw_version_radio":"3""#) == 200)
      let (main, radio) = (world.firmwares["main 2"] ?? "", world.firmwares["radio 2"] ?? "")
      let id = try await world.begin(#""firmwares":["\#(main)","\#(radio)"]"#)
      let action = try await device.action() ?? ""
      let told = try await device.deployment(action)["deployment"] ?? .null
      #expect(DocumentedJourney.entries(told, "chunks").compactMap { $0["name"]?.text } == ["lamp-main"])
      #expect(try await device.fetch("2", mcu: "main").status == 200)
      #expect(try await device.report("closed", trusts ? "success" : "failure", on: action) == 200)
      #expect(try await device.running(mcu: 1) == "3")
      #expect(try await device.state(mcu: 1) == nil)
      #expect(try await world.counts(id) == (trusts ? ["claimed": 1] : ["failed": 1]))
    }
  }
}
