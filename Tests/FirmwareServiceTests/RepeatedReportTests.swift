import Dispatch
import Domain
import Testing

@testable import Catalog
@testable import FirmwareService

/// A device that hears nothing says the same again.
@Suite("A report that is repeated") struct RepeatedReportTests {
  @Test func `rests on the commit of the first, as long as that is not on the disk`() async throws {
    let test = try await TestService()
    let mcu = try await test.createModel().mcus[0].id
    let thing = try await test.activate()
    let fleet = FleetTable(catalog: test.catalog)
    _ = try await fleet.identify(thing.token, at: test.clock.now)
    let disk = DispatchSemaphore(value: 0)
    let slow = test.catalog.enqueue { _ in disk.wait() }
    func say() throws -> PendingCommit? {
      try fleet.change(thing.id, seenAt: test.clock.now) { standing in
        standing.set(MCUStanding(mcuID: mcu, running: "1.0"))
        return nil
      }
    }
    let first = try say()
    let again = try say()
    #expect(first != nil && first === again)
    disk.signal()
    try await slow.wait()
    try await first?.wait()
    try await again?.wait()
    if let first { fleet.settled(first, of: thing.id) }
    #expect(try say() == nil, "what is on the disk needs no waiting for")
  }
}
