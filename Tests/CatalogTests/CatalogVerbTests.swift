import Domain
import Foundation
import Testing

@testable import Catalog

@Suite("What the catalog decides in one transaction") struct CatalogVerbTests {
  @Test func `of fifty tries with one code exactly one wins`() async throws {
    let test = try await TestCatalog()
    try await test.createCode(1)
    let winners = try await withThrowingTaskGroup(of: Thing?.self) { group in
      for number in 0..<50 {
        group.addTask {
          let token = StoredToken(hash: test.hash(UInt8(100 + number)), sealed: [])
          return try await test.catalog.activate(
            codeHash: test.hash(1), newPublicID: "t\(number)", token: token, at: .start)
        }
      }
      return try await group.reduce(into: [Thing]()) { things, thing in if let thing { things.append(thing) } }
    }
    #expect(winners.count == 1)
    let thing = try #require(winners.first)
    #expect(try await test.catalog.thingCount() == 1)
    let tokens = try await (100..<150).asyncFilter { try await test.catalog.owner(ofToken: test.hash(UInt8($0))) != nil }
    #expect(tokens.count == 1)
    #expect("t\(tokens[0] - 100)" == thing.publicID)
    let codes = try await test.catalog.codes(modelID: nil, unusedOnly: false, after: nil, limit: 10)
    #expect(codes.map(\.thing) == [thing.publicID])
    #expect(codes[0].usedAt == .start)
    #expect(try await test.catalog.codes(modelID: nil, unusedOnly: true, after: nil, limit: 10).isEmpty)
  }

  @Test func `an unknown code activates nothing`() async throws {
    let test = try await TestCatalog()
    let token = StoredToken(hash: test.hash(9), sealed: [])
    #expect(try await test.catalog.activate(codeHash: test.hash(1), newPublicID: "t", token: token, at: .start) == nil)
    #expect(try await test.catalog.thingCount() == 0)
    #expect(try await test.catalog.owner(ofToken: test.hash(9)) == nil)
  }

  @Test func `of many registrations of one version at once one is registered, and its bytes win`() async throws {
    let test = try await TestCatalog()
    let outcomes = try await withThrowingTaskGroup(of: Registration.self) { group in
      for number in 1...40 {
        // Two of each digest, under identifiers of their own.
        let new = test.firmware("1.0", sequence: 7, digest: UInt8((number + 1) / 2), publicID: "f\(number)")
        group.addTask { try await test.register(new) }
      }
      return try await group.reduce(into: [Registration]()) { $0.append($1) }
    }
    let kinds = Dictionary(grouping: outcomes, by: \.kind)
    #expect(kinds.mapValues(\.count) == ["registered": 1, "repeated": 1, "otherBytes": 38])
    let winner = try #require(kinds["registered"]?.first?.firmware)
    #expect(outcomes.allSatisfy { $0.firmware == winner })
    #expect(try await test.catalog.firmwares() == [winner])
  }

  @Test func `of many versions with one sequence at once exactly one is registered`() async throws {
    let test = try await TestCatalog()
    let outcomes = try await withThrowingTaskGroup(of: Registration.self) { group in
      for number in 1...30 {
        group.addTask { try await test.register(test.firmware("1.\(number)", sequence: 7, digest: UInt8(number))) }
      }
      return try await group.reduce(into: [Registration]()) { $0.append($1) }
    }
    #expect(outcomes.filter { $0.kind == "registered" }.count == 1)
    #expect(outcomes.filter { if case .oldSequence(newest: 7) = $0 { true } else { false } }.count == 29)
    #expect(try await test.catalog.firmwares().count == 1)
  }

  @Test func `a registration is refused for an old sequence, and each MCU counts for itself`() async throws {
    let test = try await TestCatalog()
    #expect(try await test.register(test.firmware("1.0", sequence: 10)).kind == "registered")
    for sequence in [1, 9, 10] as [Int64] {
      guard case .oldSequence(let newest) = try await test.register(test.firmware("2.0", sequence: sequence)) else {
        Issue.record("sequence \(sequence) was taken")
        continue
      }
      #expect(newest == 10)
    }
    #expect(try await test.register(test.firmware("1.0", sequence: 1, mcu: 1)).kind == "registered")
    #expect(try await test.register(test.firmware("2.0", sequence: 11, digest: 2)).kind == "registered")
    #expect(try await test.catalog.auditEntries(after: nil, limit: 100).filter { $0.action == "firmware.register" }.count == 3)
  }

  @Test func `a repeat publishes what was registered, and otherwise changes nothing`() async throws {
    let test = try await TestCatalog()
    let first = try #require(try await test.register(test.firmware("1.0", sequence: 5)).firmware)
    #expect(first.publishedAt == nil)
    // A newly signed manifest for the same four: what was registered stays.
    let again = try await test.register(test.firmware("1.0", sequence: 50, publicID: "other"))
    #expect(again.kind == "repeated" && again.firmware == first)
    let published = try await test.register(test.firmware("1.0", sequence: 1, publicID: "other"), publish: true)
    #expect(published.kind == "repeated")
    #expect(published.firmware?.publishedAt == .start)
    #expect(published.firmware?.sequence == 5 && published.firmware?.publicID == first.publicID)
    let later = try await test.catalog.register(
      test.firmware("1.0", sequence: 60), publishing: .sample("late"), at: Timestamp.start.adding(seconds: 60),
      audit: .deed("again"))
    #expect(later.firmware?.publishedAt == .start)
    let actions = try await test.catalog.auditEntries(after: nil, limit: 100).map(\.action)
    #expect(actions.filter { $0 == "firmware.register" }.count == 2 && !actions.contains("again"))
    #expect(try await test.catalog.envelope(of: first.id) == [1, 2, 1])
  }

  @Test func `publication is written down once each way`() async throws {
    let test = try await TestCatalog()
    let firmware = try #require(try await test.register(test.firmware("1.0", sequence: 5)).firmware)
    for (moment, isAudited) in [
      (Timestamp.start, true), (Timestamp.start.adding(seconds: 9), false), (nil, true), (nil, false),
    ] {
      let count = try await test.catalog.auditEntries(after: nil, limit: 100).count
      let changed =
        if let moment {
          try await test.catalog.publish(firmware.id, .sample("r1", at: moment), audit: .deed("publish")).firmware
        } else {
          try await test.catalog.withdraw(firmware.id, at: .start, audit: .deed("withdraw")).firmware
        }
      #expect(changed.publishedAt == (moment == nil ? nil : .start))
      #expect(try await test.catalog.auditEntries(after: nil, limit: 100).count == count + (isAudited ? 1 : 0))
    }
  }

  @Test func `an image is forgotten only when no firmware names it and it is old`() async throws {
    let test = try await TestCatalog()
    try await test.register(test.firmware("1.0", sequence: 5, digest: 1))
    for digest in [1, 2, 3] as [UInt8] {
      let at = digest == 3 ? Timestamp.start.adding(seconds: 100) : .start
      try await test.catalog.recordImage(ImageDigest(bytes: test.hash(digest))!, size: 1000 + Int64(digest), at: at)
    }
    try await test.catalog.forgetUnnamedImages(storedBefore: Timestamp.start.adding(seconds: 1))
    let left = try await test.catalog.images()
    #expect(Set(left.keys.map { $0.bytes[0] }) == [1, 3])
    #expect(left[ImageDigest(bytes: test.hash(1))!] == 1001)
  }

  @Test func `a model is made once, with all its MCUs or not at all`() async throws {
    let test = try await TestCatalog()
    await #expect { try await createModel("lamp", ["a"], test) } throws: { ($0 as? CatalogError)?.code == .exists }
    await #expect { try await createModel("new", ["a", "a"], test) } throws: { ($0 as? CatalogError)?.code == .exists }
    #expect(try await test.catalog.models() == [test.model])
    #expect(try await test.catalog.auditEntries(after: nil, limit: 10).count == 1)
  }

  private func createModel(_ name: String, _ mcus: [String], _ test: TestCatalog) async throws {
    try await test.catalog.createModel(
      name: name, mcus: mcus, numericVersions: false, confirmWithin: 1, at: .start, audit: .deed("model.create"))
  }

  @Test func `imports are all or none`() async throws {
    let test = try await TestCatalog()
    func new(_ number: UInt8, id: String? = nil) -> NewThing {
      NewThing(
        publicID: id ?? "i\(number)", modelID: test.model.id, token: StoredToken(hash: test.hash(number), sealed: [number]))
    }
    let first = try await test.catalog.importThings([new(1), new(2)], namedIDs: [], at: .start, audit: .deed("import"))
    #expect(first == (2, 0))
    let again = try await test.catalog.importThings([new(2), new(3)], namedIDs: ["i3"], at: .start, audit: .deed("import"))
    #expect(again == (1, 1))
    // The last entry's id belongs to the first thing.
    await #expect { () async throws in
      _ = try await test.catalog.importThings(
        [new(4), new(5, id: "i1")], namedIDs: ["i1"], at: .start, audit: .deed("import"))
    } throws: {
      ($0 as? CatalogError)?.message == "entry 2: the id belongs to another thing"
    }
    // A token that is there under another id.
    await #expect { () async throws in
      _ = try await test.catalog.importThings([new(4), new(1, id: "x")], namedIDs: ["x"], at: .start, audit: .deed("import"))
    } throws: {
      ($0 as? CatalogError)?.message == "entry 2: the token belongs to another thing"
    }
    #expect(try await test.catalog.thingCount() == 3)
    #expect(try await test.catalog.owner(ofToken: test.hash(4)) == nil)
    #expect(try await test.catalog.auditEntries(after: nil, limit: 100).filter { $0.action == "import" }.count == 2)
  }

  @Test func `lists are paged, newest first, without gaps or repeats`() async throws {
    let test = try await TestCatalog()
    for number in 1...25 as ClosedRange<UInt8> { try await test.createThing(number) }
    for limit in [1, 7, 25, 100] {
      var (things, codes, entries): ([Int64], [Int64], [Int64]) = ([], [], [])
      while true {
        let ofModel = ThingFilter(modelID: test.model.id)
        let page = try await test.catalog.things(matching: ofModel, after: things.last, limit: limit, looking: 3).things
        #expect(page.count <= limit)
        if page.isEmpty { break }
        things += page.map(\.id)
      }
      while case let page = try await test.catalog.codes(modelID: nil, unusedOnly: false, after: codes.last, limit: limit),
        !page.isEmpty
      { codes += page.map(\.id) }
      while case let page = try await test.catalog.auditEntries(after: entries.last, limit: limit), !page.isEmpty {
        entries += page.map(\.id)
      }
      #expect(things == things.sorted(by: >) && Set(things).count == 25)
      #expect(codes == codes.sorted(by: >) && Set(codes).count == 25)
      #expect(entries == entries.sorted(by: >) && Set(entries).count == 26)
    }
    let other = ThingFilter(modelID: test.model.id + 1)
    #expect(try await test.catalog.things(matching: other, after: nil, limit: 100, looking: 100).things.isEmpty)
    #expect(try await test.catalog.codes(modelID: test.model.id + 1, unusedOnly: false, after: nil, limit: 100).isEmpty)
  }

  @Test func `reset, rotation and retirement leave exactly the tokens they promise`() async throws {
    let test = try await TestCatalog()
    let thing = try await test.createThing(1)
    let later = Timestamp.start.adding(seconds: 100)
    let second = StoredToken(hash: test.hash(2), sealed: [2])
    try await test.catalog.rotateToken(of: thing.id, to: second, previousUntil: later, at: .start, audit: .deed("rotate"))
    #expect(try await test.catalog.owner(ofToken: test.hash(1))?.expiresAt == later)
    #expect(try await test.catalog.owner(ofToken: test.hash(2))?.expiresAt == nil)
    #expect(try await test.catalog.sealedToken(of: thing.id, at: .start)?.sealed == [2])
    let spare = NewCode(hash: test.hash(50), sealed: [50])
    let code = try await test.catalog.resetThing(
      thing.id, spare: spare, modelID: test.model.id, at: .start, audit: .deed("reset"))
    #expect(code == [1], "its own code, not the spare one")
    #expect(try await test.catalog.owner(ofToken: test.hash(1)) == nil)
    #expect(try await test.catalog.owner(ofToken: test.hash(2)) == nil)
    let third = StoredToken(hash: test.hash(3), sealed: [3])
    let again = try await test.catalog.activate(codeHash: test.hash(1), newPublicID: "no", token: third, at: later)
    #expect(again?.id == thing.id && again?.publicID == "thing-1")
    try await test.catalog.retireThing(thing.id, at: later, audit: .deed("retire"))
    #expect(try await test.catalog.owner(ofToken: test.hash(3)) == nil)
    #expect(try await test.catalog.activate(codeHash: test.hash(1), newPublicID: "no", token: third, at: later) == nil)
    #expect(try await test.catalog.thing(publicID: "thing-1")?.retiredAt == later)
  }
}

extension Sequence where Element: Sendable {
  fileprivate func asyncFilter(_ isKept: (Element) async throws -> Bool) async rethrows -> [Element] {
    var kept: [Element] = []
    for element in self where try await isKept(element) { kept.append(element) }
    return kept
  }
}
