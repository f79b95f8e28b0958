import Domain
import Synchronization
import Testing

@testable import Catalog
@testable import FirmwareService

/// A token that was ended must not come back, whatever asks at the same moment.
@Suite("A token that ended") struct EndedTokenTests {
  @Test func `stays ended though a look-up of it was under way`() async throws {
    let test = try await TestService()
    try await test.createModel()
    let thing = try await test.activate()
    let (catalog, now) = (test.catalog, test.clock.now)
    let race = Race()
    // The row is read, then the thing is retired, and only then does the reader come to use what it read.
    let fleet = FleetTable(catalog: catalog) { hash in
      let found = try await catalog.owner(ofToken: hash)
      if let found, race.begins() {
        let audit = AuditEntry(at: now, actor: "tester", action: "thing.retire", subject: thing.publicID)
        try await catalog.retireThing(found.standing.thingID, at: now, audit: audit)
        race.fleet.withLock { $0 }?.forget(found.standing.thingID)
      }
      return found
    }
    race.fleet.withLock { $0 = fleet }
    #expect(try await fleet.identify(thing.token, at: now) == nil)
    #expect(!race.begins(), "the token was there when it was looked up")
    #expect(try await fleet.identify(thing.token, at: now) == nil)
  }

  @Test func `is the operator's before, once another was admitted for them`() async throws {
    let test = try await TestService()
    try await test.service.admitOperator(token: "the first token", name: "operator")
    try await test.service.admitOperator(token: "the second token", name: "operator")
    #expect((try? test.service.identifyOperator(token: "the first token").name) == nil)
    #expect((try? test.service.identifyOperator(token: "the second token").name) == "operator")
    try await test.service.admitOperator(token: "the first token", name: "operator")
    #expect((try? test.service.identifyOperator(token: "the first token").name) == "operator")
  }
}

/// What a look-up shares with what happens while it is under way.
final class Race: Sendable {
  private let hasBegun = Mutex(false)
  let fleet = Mutex<FleetTable?>(nil)

  /// True once.
  func begins() -> Bool {
    hasBegun.withLock { begun in
      defer { begun = true }
      return !begun
    }
  }
}
