import Domain
import Testing

@testable import FirmwareService

@Suite("The history of a thing, over the years") struct ThingHistoryTests {
  @Test func `an event goes after 400 days, and what is younger stays`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    test.clock.advance(seconds: 390 * 86_400)
    _ = try await test.service.rotateToken(of: thing.publicID, overlap: 0, by: "op")
    let page = PageRequest(limit: nil, after: nil)
    #expect(try await test.service.deleteOldEvents() == 0)
    test.clock.advance(seconds: 10 * 86_400 + 1)
    #expect(try await test.service.deleteOldEvents() == 2)
    #expect(try await test.service.showHistory(of: thing.publicID, page).entries.map(\.kind) == [.tokenRotated])
    #expect(try await test.service.deleteOldEvents() == 0)
    test.clock.advance(seconds: 390 * 86_400)
    #expect(try await test.service.deleteOldEvents() == 1)
    try await test.service.retireThing(thing.publicID, by: "op")
    #expect(try await test.service.showHistory(of: thing.publicID, page).entries.map(\.kind) == [.retired])
  }
}
