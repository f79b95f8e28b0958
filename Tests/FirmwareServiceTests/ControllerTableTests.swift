import Domain
import Testing

@testable import FirmwareService

@Suite("The controllers in memory") struct ControllerTableTests {
  private static func controller(_ id: String, thing: Int64? = nil) -> Controller {
    Controller(
      controllerID: id, modelID: 1, thingID: thing, thing: thing.map { "thing-\($0)" }, boundBy: .gateway,
      createdAt: Timestamp(milliseconds: 0), asksAttributes: true, autoConfirm: nil, actions: [], isRetired: false)
  }

  @Test func `one that is being read is kept while others change, and read again where it changed itself`() async throws {
    let table = ControllerTable()
    var reads = 0
    let found = try await table.find("dev-a") {
      reads += 1
      for other in ["dev-b", "dev-c"] where reads == 1 { table.replace(Self.controller(other)) }
      if reads == 1 { table.forget("dev-b") }
      return Self.controller("dev-a")
    }
    #expect(found?.controllerID == "dev-a" && reads == 1)
    #expect(table["dev-a"] != nil && table["dev-b"] == nil && table["dev-c"] != nil)
    reads = 0
    let changed = try await table.find("dev-d") {
      reads += 1
      if reads == 1 { table.forget("dev-d") }
      if reads == 2 { table.forget(thing: 4) }
      return Self.controller("dev-d", thing: Int64(reads))
    }
    #expect(changed?.thingID == 3 && reads == 3)
  }

  @Test func `names are told apart by their bytes`() {
    let table = ControllerTable()
    table.replace(Self.controller("caf\u{e9}", thing: 1))
    #expect(table["cafe\u{301}"] == nil)
    table.replace(Self.controller("cafe\u{301}", thing: 2))
    #expect(table["caf\u{e9}"]?.controller.thingID == 1 && table["cafe\u{301}"]?.controller.thingID == 2)
  }

  @Test func `a thing that gets its name stays in memory`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let token = try await test.activate().token
    let session = try await test.service.identifyController("dev", .target(token.secret))
    let thing = try #require(session.thingID)
    #expect(test.service.fleet.recall(thing) != nil)
  }
}
