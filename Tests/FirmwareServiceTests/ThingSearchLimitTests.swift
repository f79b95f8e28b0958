import Domain
import Testing

@testable import FirmwareService

/// How much a page of a search looks at.
@Suite("A search of things") struct ThingSearchLimitTests {
  private static func search(where expression: String? = nil, silentFor: Int64? = nil) -> ThingSearch {
    var search = ThingSearch()
    (search.expression, search.silentFor) = (expression, silentFor)
    return search
  }

  @Test func `looks at so many things and no more, and goes on behind them`() async throws {
    let test = try await TestService { settings in (settings.thingsSearchedAtOnce, settings.mostThingsSearched) = (2, 4) }
    try await test.createModel()
    var things: [String] = []
    for _ in 0..<11 { things.append(try await test.activate().publicID) }
    // Only the oldest is found: the pages before it have nothing, and say that there is more.
    let one = Self.search(where: "id==\(things[0])")
    var (after, pages): (String?, [Int]) = (nil, [])
    repeat {
      let page = try await test.service.listThings(model: nil, matching: one, PageRequest(limit: 5, after: after))
      pages.append(page.entries.count)
      after = page.next
    } while after != nil
    #expect(pages == [0, 0, 1])
    // A page is filled from several parts, and ends where it is full.
    let every = Self.search(where: "id==*")
    let first = try await test.service.listThings(model: nil, matching: every, PageRequest(limit: 3, after: nil))
    #expect(first.entries.map(\.publicID) == Array(things.reversed().prefix(3)))
    let second = try await test.service.listThings(model: nil, matching: every, PageRequest(limit: 1000, after: first.next))
    #expect(second.entries.map(\.publicID) == Array(things.reversed()[3..<7]) && second.next != nil)
  }

  @Test func `without an expression looks at ten times as many`() async throws {
    let test = try await TestService { settings in (settings.thingsSearchedAtOnce, settings.mostThingsSearched) = (1, 1) }
    try await test.createModel()
    for _ in 0..<11 { _ = try await test.activate() }
    test.clock.advance(seconds: 60)
    let silent = Self.search(silentFor: 60)
    let first = try await test.service.listThings(model: nil, matching: silent, PageRequest(limit: 100, after: nil))
    #expect(first.entries.count == 10)
    let rest = try await test.service.listThings(model: nil, matching: silent, PageRequest(limit: 100, after: first.next))
    #expect(rest.entries.count == 1 && rest.next == nil)
  }
}
