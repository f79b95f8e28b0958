import Catalog
import Domain
import Synchronization
import TestSupport
import Testing

@testable import FirmwareService

@Suite("Reading the things of tokens") struct OwnerReadingTests {
  private struct Unreadable: Error {}

  @Test func `reads together what is asked for while others are being read, and answers each with its own`() async throws {
    let sizes = Mutex<[Int]>([])
    let (openings, open) = AsyncStream.makeStream(of: Void.self)
    let (beginnings, begin) = AsyncStream.makeStream(of: Void.self)
    let gate = Gate(openings)
    let reading = OwnerReading { hashes in
      let isFirst = sizes.withLock { sizes in
        sizes.append(hashes.count)
        return sizes.count <= 2
      }
      begin.yield()
      if isFirst { await gate.wait() }
      return hashes.map { hash in hash == [7] ? nil : Self.owner(Int64(hash[0])) }
    }
    try await withThrowingTaskGroup(of: (UInt8, Int64?).self) { group in
      func ask(_ numbers: ClosedRange<UInt8>) {
        for number in numbers {
          group.addTask { (number, try await reading.owner(ofToken: [number])?.standing.thingID) }
        }
      }
      // Both readings are under way, and stay so until the gate is opened.
      ask(0...0)
      var begun = beginnings.makeAsyncIterator()
      await begun.next()
      ask(1...1)
      await begun.next()
      ask(2...199)
      while reading.waitingCount < 198 { await Task.yield() }
      open.finish()
      for try await (number, thingID) in group { #expect(thingID == (number == 7 ? nil : Int64(number))) }
    }
    #expect(sizes.withLock { $0.reduce(0, +) } == 200)
    #expect(sizes.withLock { $0.count } == 6, "198 that wait are read by no more than 64")
  }

  @Test func `tells all of those that are read together that it failed, and reads on`() async throws {
    let failures = Atomic(1)
    let reading = OwnerReading { hashes in
      guard failures.subtract(1, ordering: .relaxed).oldValue <= 0 else { throw Unreadable() }
      return hashes.map { Self.owner(Int64($0[0])) }
    }
    await #expect(throws: Unreadable.self) { try await reading.owner(ofToken: [1]) }
    let found = try await reading.owner(ofToken: [2])
    #expect(found?.standing.thingID == 2)
  }

  @Test func `brings the facts that rules ask for along, unless one has changed meanwhile`() async throws {
    let test = try await TestService()
    try await test.createModel()
    try await test.release("1.0", sequence: 1)
    let firmware = try await test.release("2.0", sequence: 2, publish: false)
    _ = try await test.rollOut(firmware) { $0.gate = "resource.idle==true" }
    let thing = try await test.activate()
    try await test.write("idle", .bool(true), of: thing.id)
    let (catalog, releases) = (test.catalog, test.service.releases)
    let quiet = FleetTable(catalog: catalog, releases: releases)
    _ = try await quiet.identify(thing.token, at: test.clock.now)
    #expect(quiet.knownFacts(of: thing.id)?.values["idle"]?.value == .bool(true))

    let table = Mutex<FleetTable?>(nil)
    let busy = FleetTable(catalog: catalog, releases: releases) { hash in
      let found = try await catalog.owners(ofTokens: [hash]) { releases.snapshot.needs(ofModel: $0) }[0]
      table.withLock { $0 }?.forgetFacts(of: thing.id)
      return found
    }
    table.withLock { $0 = busy }
    let found = try await busy.identify(thing.token, at: test.clock.now)
    #expect(found == thing.id)
    #expect(busy.knownFacts(of: thing.id) == nil)
  }

  private static func owner(_ thingID: Int64) -> TokenOwner {
    TokenOwner(
      standing: ThingStanding(thingID: thingID, publicID: "t", modelID: 1, mcus: [], installations: [], deliveries: []),
      expiresAt: nil)
  }
}

/// Lets all pass once it is open.
private actor Gate {
  private let openings: AsyncStream<Void>
  private var opened: Task<Void, Never>?

  init(_ openings: AsyncStream<Void>) { self.openings = openings }

  func wait() async {
    let task = opened ?? Task { [openings] in for await _ in openings {} }
    opened = task
    await task.value
  }
}
