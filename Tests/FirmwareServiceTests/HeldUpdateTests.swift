import Domain
import GRDB
import Testing

@testable import Catalog
@testable import FirmwareService

/// What holds an update back, and what an operator can do about it.
@Suite("An update that is held") struct HeldUpdateTests {
  @Test func `that was installed and never spoken of again can be offered again by an operator`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("2.0", sequence: 2)
    let thing = try await test.activate()
    try await test.report(thing.id, "2.0", .installed)
    test.clock.advance(seconds: 100_000)
    try await test.service.expireConfirmations()
    #expect(try await test.poll(thing.id) == [], "a thing that says no version is waited for")
    try await test.service.retryThing(thing.publicID, mcu: nil, by: "tester")
    #expect(try await test.poll(thing.id) == ["2.0"])
  }

  @Test func `is rolled back also when a newer one was offered meanwhile`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("3.0", sequence: 3)
    let thing = try await test.activate()
    try await test.report(thing.id, "3.0", .installed, boot: "a")
    let newer = try await test.release("4.0", sequence: 4)
    #expect(try await test.poll(thing.id) == ["4.0"])
    #expect(try await test.poll(thing.id, "2.0", boot: "b") == ["4.0"])
    _ = try await test.service.setPublication(of: newer.publicID, false, by: "tester")
    #expect(try await test.poll(thing.id) == [], "3.0 fell back, and is not offered again by itself")
    #expect(try await test.service.showThing(thing.publicID).mcus[0].reason == "rolledBack")
  }

  @Test func `is not let go by a report that comes late`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("2.0", sequence: 2)
    let thing = try await test.activate()
    try await test.report(thing.id, "2.0", .failed)
    try await test.report(thing.id, "2.0", .downloading)
    #expect(try await test.poll(thing.id) == [])
    #expect(try await test.state(thing.publicID) == .failed)
    try await test.report(thing.id, "2.0", .installed)
    try await test.report(thing.id, "2.0", .downloaded)
    #expect(try await test.state(thing.publicID) == .installed)
  }

  @Test func `by a withdrawal gives the thing its former state back once it says what it runs`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    let thing = try await test.activate()
    try await test.report(thing.id, "1.0", .installed)
    #expect(try await test.poll(thing.id, "1.0") == ["=1.0"])
    let newer = try await test.release("2.0", sequence: 2)
    #expect(try await test.poll(thing.id) == ["2.0"])
    #expect(try await test.counts("2.0") == [.offered: 1])
    _ = try await test.service.setPublication(of: newer.publicID, false, by: "tester")
    #expect(try await test.poll(thing.id, "1.0") == ["=1.0"])
    #expect(try await test.counts("2.0") == [:])
    #expect(try await test.counts("1.0") == [.confirmed: 1])
  }

  @Test func `is older than what runs and cannot be fetched, while what runs always can`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let old = try await test.release("1.0", sequence: 1)
    let new = try await test.release("2.0", sequence: 2)
    let thing = try await test.activate()
    #expect(try await test.poll(thing.id, "2.0") == ["=2.0"])
    await #expect { _ = try await test.download(old, by: thing.id) } throws: { ($0 as? ServiceError)?.code == .unknownFirmware }
    _ = try await test.service.setPublication(of: new.publicID, false, by: "tester")
    #expect(try await test.download(new, by: thing.id) == test.image("2.0"))
  }

  @Test func `leaves no more reports behind than anyone can read`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    for number in 0..<130 { try await test.report(thing.id, ["version": .string("1.\(number)")]) }
    let kept = try await test.catalog.read { db in try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM resourceValue") }
    #expect(kept == 100)
    #expect(try await test.service.readResource("$firmware", of: thing.id)[0].value.contains("\"1.129\""))
  }
}
