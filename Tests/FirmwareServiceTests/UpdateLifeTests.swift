import Domain
import Testing

@testable import Catalog
@testable import FirmwareService

@Suite("The life of an update") struct UpdateLifeTests {
  @Test func `from the offer over the download and the install to the confirmation`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id, "1.0", boot: "a") == ["=1.0"])
    #expect(try await test.counts("1.0") == [:], "what it came with is no update of ours")
    #expect(try await test.running("1.0") == 1)

    let new = try await test.release("2.0", sequence: 2)
    #expect(try await test.poll(thing.id) == ["2.0"])
    #expect(try await test.state(thing.publicID) == .offered)
    let half = try await test.download(new, by: thing.id, 0..<2500)
    #expect(half == Array(test.image("2.0")[..<2500]))
    #expect(try await test.counts("2.0") == [.downloading: 1])
    #expect(try await test.download(new, by: thing.id, 2500..<5000) == Array(test.image("2.0")[2500...]))
    #expect(try await test.counts("2.0") == [.downloaded: 1])
    try await test.report(thing.id, "2.0", .installing)
    #expect(try await test.counts("2.0") == [.installing: 1])
    try await test.report(thing.id, "2.0", .installed, boot: "a")
    #expect(try await test.counts("2.0") == [.installed: 1])
    #expect(try await test.poll(thing.id) == ["=1.0"], "it is waited for, not offered again")
    #expect(try await test.poll(thing.id, "1.0", boot: "a") == ["=1.0"])
    #expect(try await test.counts("2.0") == [.installed: 1])
    #expect(try await test.poll(thing.id, "2.0", boot: "b") == ["=2.0"])
    #expect(try await test.counts("2.0") == [.confirmed: 1])
    #expect(try await test.running("2.0") == 1)
    #expect(try await test.running("1.0") == 0)
  }

  @Test func `a report without a status confirms too`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let new = try await test.release("2.0", sequence: 2)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id) == ["2.0"])
    try await test.report(thing.id, "2.0", .installed)
    try await test.report(thing.id, ["version": .string("2.0"), "boot": .integer(17)])
    #expect(try await test.state(thing.publicID) == .confirmed)
    #expect(try await test.service.showThing(thing.publicID).mcus[0].standing?.boot == "17")
    let values = try await test.service.readResource("$firmware", of: thing.id, in: .newest(100))
    #expect(values.map(\.value) == [#"{"boot":17,"version":"2.0"}"#, #"{"status":"installed","version":"2.0"}"#])
    // To fetch once more what runs changes nothing.
    _ = try await test.download(new, by: thing.id)
    #expect(try await test.state(thing.publicID) == .confirmed)
  }

  @Test func `a thing that fell back is not offered the firmware again until an operator says so`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id, "1.0", boot: "a") == ["=1.0"])
    let new = try await test.release("2.0", sequence: 2)
    try await test.report(thing.id, "2.0", .installed)
    #expect(try await test.poll(thing.id, "1.0", boot: "b") == ["=1.0"])
    #expect(try await test.state(thing.publicID) == .rolledBack)
    #expect(try await test.service.showThing(thing.publicID).mcus[0].reason == "rolledBack")
    await expectRefusal(.notForThisThing) { _ = try await test.download(new, by: thing.id) }
    await expectRefusal(.notForThisThing) { _ = try await test.service.firmwareManifest(new.publicID, for: thing.id) }
    try await test.report(thing.id, "2.0", .downloading)
    #expect(try await test.state(thing.publicID) == .rolledBack)
    #expect(try await test.poll(thing.id) == ["=1.0"])

    try await test.service.retryThing(thing.publicID, mcu: nil, by: "op")
    #expect(try await test.state(thing.publicID) == nil)
    #expect(try await test.poll(thing.id) == ["2.0"])
    #expect(try await test.counts("2.0") == [.offered: 1])
    _ = try await test.download(new, by: thing.id)
    try await test.report(thing.id, "2.0", .installed)
    #expect(try await test.poll(thing.id, "2.0", boot: "c") == ["=2.0"])
    #expect(try await test.counts("2.0") == [.confirmed: 1])
    let audit = try await test.service.listAudit(PageRequest(limit: 1, after: nil)).entries[0]
    #expect(audit.action == "thing.retry" && audit.details == ["versions": "2.0"] && audit.actor == "op")
  }

  @Test(arguments: [ReportedStatus.failed, .rejected])
  func `what failed on a thing or was rejected by it is held back with its code`(status: ReportedStatus) async throws {
    let test = try await TestService()
    try await test.createModel()
    let new = try await test.release("2.0", sequence: 2)
    let (one, other) = (try await test.activate(), try await test.activate())
    #expect(try await test.poll(one.id) == ["2.0"])
    try await test.report(
      one.id,
      ["version": .string("2.0"), "status": .string(status.rawValue), "code": .integer(-7), "message": .string("no space")])
    #expect(try await test.poll(one.id) == [])
    await expectRefusal(.notForThisThing) { _ = try await test.download(new, by: one.id) }
    let report = try await test.service.showThing(one.publicID).mcus[0]
    #expect(report.installation?.code == "-7" && report.installation?.message == "no space")
    #expect(report.offer == nil)
    #expect(try await test.poll(other.id) == ["2.0"], "the others get it")
    #expect(try await test.counts("2.0").values.reduce(0, +) == 2)
    try await test.service.retryThing(one.publicID, mcu: "main", by: "op")
    #expect(try await test.poll(one.id) == ["2.0"])
    #expect(try await test.counts("2.0") == [.offered: 2])
  }

  @Test func `who says the old version after the install is rolled back when the time to confirm has passed`() async throws {
    let test = try await TestService()
    try await test.createModel(confirmWithin: 60)
    try await test.release("1.0", sequence: 1)
    let (saying, silent) = (try await test.activate(), try await test.activate())
    for thing in [saying, silent] { #expect(try await test.poll(thing.id, "1.0") == ["=1.0"]) }
    try await test.release("2.0", sequence: 2)
    for thing in [saying, silent] { try await test.report(thing.id, "2.0", .installed) }
    test.clock.advance(seconds: 10)
    #expect(try await test.poll(saying.id, "1.0") == ["=1.0"])
    test.clock.advance(seconds: 49)
    #expect(try await test.service.expireConfirmations() == 0)
    #expect(try await test.counts("2.0") == [.installed: 2])
    test.clock.advance(seconds: 1)
    #expect(try await test.service.expireConfirmations() == 1)
    #expect(try await test.counts("2.0") == [.installed: 1, .rolledBack: 1])
    #expect(try await test.state(saying.publicID) == .rolledBack)
    #expect(try await test.state(silent.publicID) == .installed, "it may be switched off")
    #expect(try await test.service.expireConfirmations() == 0)
    test.clock.advance(seconds: 100_000)
    #expect(try await test.poll(silent.id, "2.0") == ["=2.0"])
    #expect(try await test.counts("2.0") == [.confirmed: 1, .rolledBack: 1])
    // By its own word too, without the sweep.
    try await test.service.retryThing(saying.publicID, mcu: nil, by: "op")
    try await test.report(saying.id, "2.0", .installed)
    test.clock.advance(seconds: 60)
    #expect(try await test.poll(saying.id, "1.0") == ["=1.0"])
    #expect(try await test.state(saying.publicID) == .rolledBack)
  }

  @Test func `the time to confirm is the model's own, also where another model has less`() async throws {
    let test = try await TestService()
    try await test.createModel("hasty", confirmWithin: 1)
    try await test.createModel(confirmWithin: 1000)
    try await test.release("1.0", sequence: 1)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id, "1.0") == ["=1.0"])
    try await test.release("2.0", sequence: 2)
    try await test.report(thing.id, "2.0", .installed)
    #expect(try await test.poll(thing.id, "1.0") == ["=1.0"])
    test.clock.advance(seconds: 999)
    try await test.service.expireConfirmations()
    #expect(try await test.state(thing.publicID) == .installed)
    test.clock.advance(seconds: 1)
    try await test.service.expireConfirmations()
    #expect(try await test.state(thing.publicID) == .rolledBack)
  }

  @Test func `what a thing confirmed and then lost again is rolled back`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    try await test.release("2.0", sequence: 2)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id, "1.0") == ["2.0"])
    #expect(try await test.poll(thing.id, "2.0") == ["=2.0"])
    #expect(try await test.state(thing.publicID) == .confirmed)
    #expect(try await test.poll(thing.id, "1.0") == ["=1.0"])
    #expect(try await test.state(thing.publicID) == .rolledBack)
  }

  @Test func `nothing older than what a thing runs is offered, and what is withdrawn is gone at once`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let first = try await test.release("2.0.0", sequence: 1)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id, "3.0.0") == [])
    #expect(try await test.poll(thing.id, "1.0.0") == ["2.0.0"])
    // The newest registration wins, whatever its version.
    let second = try await test.release("1.5.0", sequence: 2)
    #expect(try await test.poll(thing.id, "1.0.0") == ["1.5.0"])
    _ = try await test.service.setPublication(of: second.publicID, false, by: "op")
    #expect(try await test.poll(thing.id) == ["2.0.0"])
    await expectRefusal(.unknownFirmware) { _ = try await test.download(second, by: thing.id) }
    _ = try await test.service.setPublication(of: first.publicID, false, by: "op")
    #expect(try await test.poll(thing.id) == [])
    _ = try await test.service.setPublication(of: second.publicID, true, by: "op")
    #expect(try await test.poll(thing.id) == ["1.5.0"])
  }

  @Test func `each MCU of a thing goes its own way`() async throws {
    let test = try await TestService()
    try await test.createModel(mcus: ["main", "i.MX 8M Mini"])
    try await test.release("1.0", mcu: "main", sequence: 1)
    try await test.release("1.0", mcu: "i.MX 8M Mini", sequence: 1)
    let thing = try await test.activate()
    await expectRefusal(.malformed) { _ = try await test.poll(thing.id, "0.9") }
    await expectRefusal(.malformed) { _ = try await test.poll(thing.id, "0.9", mcu: "other") }
    await expectRefusal(.malformed) { try await test.report(thing.id, "1.0", .installed) }
    #expect(try await test.poll(thing.id, "0.9", mcu: "main") == ["1.0", "1.0"])
    try await test.report(thing.id, "1.0", .failed, mcu: "i.MX 8M Mini")
    #expect(try await test.poll(thing.id, "1.0", mcu: "main") == ["=1.0"])
    #expect(try await test.state(thing.publicID, mcu: 0) == .confirmed)
    #expect(try await test.state(thing.publicID, mcu: 1) == .failed)
    await expectRefusal(.unknownMCU) { try await test.service.retryThing(thing.publicID, mcu: "other", by: "op") }
    try await test.service.retryThing(thing.publicID, mcu: "main", by: "op")
    #expect(try await test.state(thing.publicID, mcu: 1) == .failed, "another MCU's retry")
    try await test.service.retryThing(thing.publicID, mcu: "i.MX 8M Mini", by: "op")
    #expect(try await test.poll(thing.id) == ["=1.0", "1.0"])
    #expect(try await test.counts("1.0", mcu: "i.MX 8M Mini") == [.offered: 1])
    #expect(try await test.counts("1.0", mcu: "main") == [.confirmed: 1])
  }

  @Test func `a refused write changes nothing, not even its first values`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("2.0", sequence: 2)
    let thing = try await test.activate()
    let good: JSONValue = .object(["version": .string("2.0"), "status": .string("installed")])
    for bad in [
      .string("x"), .object([:]), .object(["version": .string("9.9"), "status": .string("installed")]),
      .object(["version": .string("2.0"), "status": .string("melted")]), .object(["version": .array([])]),
      .object(["version": .string("2.0"), "mcu": .string("other")]), .object(["version": .string("a\0b")]),
      .object(["version": .string("2.0"), "boot": .string("\0")]),
      .object(["version": .string(String(repeating: "x", count: 65))]),
    ] as [JSONValue] {
      await expectRefusal(.malformed, "\(bad)") {
        try await test.service.writeResources([good, bad].map { ResourceRecord(key: "$firmware", value: $0) }, of: thing.id)
      }
    }
    let report = ResourceRecord(key: "$firmware", value: good)
    await expectRefusal(.malformed) {
      try await test.service.writeResources([report, ResourceRecord(key: "$led", value: .bool(true))], of: thing.id)
    }
    await expectRefusal(.unknownThing) { try await test.service.writeResources([report], of: 999) }
    await expectRefusal(.unknownResource) { _ = try await test.service.readResource("$firmware", of: thing.id) }
    #expect(try await test.state(thing.publicID) == nil)
  }
}
